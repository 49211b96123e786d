"""The terms that a methods paragraph names are those of the objective, with their weights and masks."""

import dataclasses
import re

import pytest
import torch

from medtrans.methods import load, names
from tests.methods.tiny import batch_for, tiny

VARIANTS = [
    *((name, {}) for name in names()),
    ("acgan", {"gradient_penalty": 10.0}),
    ("autoencoder", {"distance": "l1"}),
    ("autoencoder_kl", {"adversarial": 0.5}),
    ("cut", {"fast": True}),
    ("cut", {"structure": "mind"}),
    ("cyclegan", {"identity": 0.0}),
    ("cyclegan", {"structure": "mind"}),
    ("cyclegan", {"structure": "nmi"}),
    ("diffusion", {"noise_schedule": {"prediction": "epsilon"}}),
    ("discogan", {"feature_matching": 9.0}),
    ("gan", {"gan_loss": "wasserstein"}),
    ("multi_contrast", {"adversarial": 0.0}),
    ("pix2pix", {"feature_matching": 10.0}),
    ("projection_gan", {"gradient_penalty": 10.0}),
    ("regression", {"segmenter": "segmenter"}),
]
EVERY = pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=str)


def values(method, batch):
    """ "player/term" → its value; with the same random numbers each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return {
            f"{player}/{term}": float(value.detach())
            for player, terms in method.losses(batch)
            for term, value in terms.items()
        }


@EVERY
def test_every_term_of_the_objective_is_named_and_no_other(name, changes):
    method = tiny(name, **changes)
    assert method.terms(method.settings).keys() == values(method, batch_for(method)).keys()


@EVERY
def test_the_mask_changes_the_terms_that_are_said_to_count_in_it_and_no_other(name, changes):
    method = tiny(name, **changes)
    batch = batch_for(method)
    whole = dataclasses.replace(batch, mask=torch.ones_like(batch.mask))
    inside, everywhere = values(tiny(name, **changes), batch), values(tiny(name, **changes), whole)
    changed = {term for term, value in inside.items() if value != everywhere[term]}
    assert changed == {term for term, said in method.terms(method.settings).items() if said.masked}


@EVERY
def test_a_term_grows_with_the_weight_that_is_said(name, changes):
    base = tiny(name, **changes)
    terms, before = base.terms(base.settings), values(base, batch_for(base))
    for setting in {setting for term in terms.values() for setting in term.settings}:
        value = getattr(base.settings, setting)
        if not isinstance(value, float) or not value:
            continue
        other = tiny(name, **{**changes, setting: 2 * value})
        after = values(other, batch_for(other))
        for term, said in other.terms(other.settings).items():
            if said.weight != terms[term].weight:
                factor = said.weight / terms[term].weight
                assert after[term] == pytest.approx(factor * before[term], rel=1e-4), (setting, term)


@pytest.mark.parametrize("name", names())
def test_the_paper_that_is_cited_stands_in_the_file(name):
    kind = load(name)
    docstring = " ".join(__import__(kind.__module__, fromlist=[""]).__doc__.split())
    assert kind.paper in docstring
    assert bool(kind.paper) == (kind.PUBLISHED is not None)
    assert not kind.paper or re.search(r"\d{4}, https://\S+$", kind.paper)

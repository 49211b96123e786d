"""A setting of a method is in the text if and only if it has an effect: on the objective, the translation or the size
of a network."""

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.methods import names
from medtrans.reporting.paragraphs.objective import objective_sentences
from medtrans.reporting.run_record import RunRecord
from tests.methods.test_terms import values
from tests.methods.tiny import answers, batch_for, tiny
from tests.networks.shaking import shaken

FEW_STEPS = {
    "diffusion": {"noise_schedule": {"steps": 2}},
    "latent_diffusion": {"noise_schedule": {"steps": 2}},
    "rectified_flow": {"steps": 2},
}
VARIANTS = [
    *((name, FEW_STEPS.get(name, {})) for name in names()),
    ("cut", {"fast": True}),
    ("cyclegan", {"structure": "mind"}),
    ("gan", {"gan_loss": "wasserstein"}),
    ("autoencoder_kl", {"adversarial": 0.5}),
    ("multi_contrast", {"adversarial": 0.0}),
]
OTHER_WORDS = {"gan_loss": "hinge", "norm": "instance", "structure": "nmi", "distance": "l1", "prediction": "epsilon"}
SAID_ELSEWHERE = {("normalizing_flow", "temperature")}
"""The text of the translation gives the standard deviation of its noise."""


def changed_values(value, key):
    """Other values for one setting; none for what is off, for names of networks and for paths."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)) and value:
        return [2 * value]
    if isinstance(value, list) and value and isinstance(value[0], int):
        return [[*value[:-1], 2 * value[-1]]]
    other = OTHER_WORDS.get(key)
    return [other] if isinstance(value, str) and other and other != value else []


def variations(settings, path=()):
    """(path of a setting, all settings with another value there)."""
    for key, value in settings.items():
        if isinstance(value, dict):
            for inner, changed in variations(value, (*path, key)):
                yield inner, {**settings, key: changed}
        else:
            for other in changed_values(value, key):
                yield (*path, key), {**settings, key: other}


def effects(method):
    """Loss terms, answers and sizes; with shaken weights, since networks that start with zeros hide settings."""
    batch, _ = batch_for(method), shaken(method)
    out = {term: torch.tensor(value) for term, value in values(method, batch).items()}
    out |= {f"size of {name}": torch.tensor(weight.shape) for name, weight in method.named_parameters()}
    out["drawing of items"] = torch.tensor(method.foreground_fraction)
    out["turns"] = torch.tensor([list(method.players()).index(player) for player in method.turns()])
    return out | answers(method, batch)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def text(name, settings):
    return objective_sentences(RunRecord(settings={"method": {"name": name, **settings}}))


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=str)
def test_a_setting_is_in_the_text_if_it_has_an_effect(name, changes):
    base = tiny(name, **changes)
    settings, before = base.settings.to_dict(), effects(base)
    wrong, compared = [], 0
    for path, other in variations(settings):
        try:
            after = effects(tiny(name, **other))
        except (UsageError, RuntimeError):  # what takes more than the few voxels of a tiny image
            continue
        compared += 1
        said = text(name, settings) != text(name, other)
        if said is same(before, after) and (name, path[-1]) not in SAID_ELSEWHERE:
            wrong.append((path, "has an effect" if said is False else "has no effect"))
    assert not wrong
    assert compared > 1

"""Laws of every method, found through the registry: a new file in medtrans/methods is tested by existing."""

import copy
import dataclasses
import re
import sys

import pytest
import torch
import yaml

from medtrans.core.method import Method
from medtrans.core.yaml_text import merged
from medtrans.methods import entries, load, names
from medtrans.models.folder import load_model, save_model
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.recipe._checked import checked
from medtrans.runs import RunFolder
from medtrans.training.journal import read_journal
from medtrans.training.loop import train
from medtrans.training.optimisation import Optimisation
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from tests.methods.tiny import answers, batch_for, shrunk, tiny

NAMES = names()
DIMS = pytest.mark.parametrize("dims", [2, 3])
EVERY = pytest.mark.parametrize("name", NAMES)


def own_weights(method):
    """Those that are trained: what was adopted stays as it is."""
    adopted = {id(w) for child in method.children() if isinstance(child, Method) for w in child.parameters()}
    return [weight for weight in method.parameters() if id(weight) not in adopted]


def batches_for(method):
    def batches(first, last, rank, world):
        return (batch_for(method, seed=number) for number in range(first, last))

    return batches


def trained(method, folder, steps, **changes):
    options = TrainingSettings(
        **{"steps": steps, "batch": 2, "ema_decay": 0.0, "log_every": 1, "device": "cpu", **changes}
    )
    train(method, batches_for(method), options, RunFolder(folder), launch(options), keep=lambda *kept: None)
    return method


@EVERY
def test_its_first_line_says_what_it_is_and_where_it_is_from(name):
    (entry,) = [entry for entry in entries() if entry.name == name]
    assert 20 < len(entry.summary) < 120
    assert entry.source.startswith("https://")


@EVERY
@DIMS
def test_it_builds_from_its_defaults(name, dims):
    kind = load(name)
    assert kind.Settings.from_dict(kind.Settings().to_dict()) == kind.Settings()
    method = tiny(name, dims)
    whole = kind(dataclasses.replace(method.task, size=(64,) * dims), kind.Settings())
    for needed in method.requires_models(method.settings):
        whole.attach_frozen(needed, getattr(method, needed))
    assert whole.players().keys() == method.players().keys()


@EVERY
def test_every_player_is_trained_by_the_optimiser_that_the_method_proposes(name):
    assert "optimizer" in vars(load(name)), "each method names its own, with its source"
    method, options = tiny(name), TrainingSettings(device="cpu")
    proposed = method.optimizer_for(method.settings)
    proposed.refuse_invalid(name)
    optimizers = Optimisation(method, options, launch(options)).optimizers
    assert optimizers.keys() == method.players().keys()
    for optimizer in optimizers.values():
        assert type(optimizer.optimizer).__name__.lower() == proposed.name
        (group,) = optimizer.param_groups
        assert (group["lr"], group["weight_decay"]) == (proposed.learning_rate, proposed.weight_decay)
        assert group.get("betas", (0.0, group.get("alpha"))) == proposed.betas


@EVERY
@DIMS
def test_players_take_their_turns_with_finite_terms(name, dims):
    method = tiny(name, dims)
    turns = []
    for player, terms in method.losses(batch_for(method)):
        turns.append(player)
        for term, value in terms.items():
            assert value.ndim == 0, term
            assert torch.isfinite(value), term
    assert turns == list(method.turns())
    played = [id(p) for nets in method.players().values() for net in nets for p in net.parameters()]
    assert sorted(played) == sorted(id(p) for p in own_weights(method)), "each weight belongs to exactly one player"


@EVERY
def test_each_turn_moves_its_own_player_only(name, tmp_path):
    method, observed = tiny(name), []

    class Spy(type(method)):
        def losses(self, batch):
            for player, terms in super().losses(batch):
                observed.append((player, copy.deepcopy(list(self.parameters()))))
                yield player, terms

    owner = {id(p): player for player, nets in method.players().items() for net in nets for p in net.parameters()}
    owners = [owner.get(id(p)) for p in method.parameters()]
    method.__class__ = Spy
    trained(method, tmp_path, steps=1)
    states = [*(weights for _, weights in observed), list(method.parameters())]
    for (player, before), after in zip(observed, states[1:], strict=True):
        moved = {system for system, b, a in zip(owners, before, after, strict=True) if not torch.equal(b, a)}
        assert moved == {player}


@EVERY
def test_only_what_it_yields_reaches_the_journal(name, tmp_path):
    method = tiny(name)
    yielded = {f"{player}/{term}" for player, terms in tiny(name).losses(batch_for(method)) for term in terms}
    trained(method, tmp_path, steps=1)
    assert read_journal(tmp_path / "journal.csv")[0].keys() == {*yielded, "step", "seconds", "learning_rate"}


@EVERY
def test_resumed_equals_uninterrupted(name, tmp_path):
    whole = trained(tiny(name), tmp_path / "whole", steps=4, schedule="constant", checkpoint_every=2)

    class Stop(Exception):
        pass

    def batches(first, last, rank, world):
        for number in range(first, last):
            if number == 3:
                raise Stop
            yield batch_for(whole, seed=number)

    options = TrainingSettings(
        steps=4, batch=2, ema_decay=0.0, schedule="constant", log_every=1, checkpoint_every=2, device="cpu"
    )
    with pytest.raises(Stop):
        train(tiny(name), batches, options, RunFolder(tmp_path / "parts"), launch(options), keep=lambda *kept: None)
    resumed = tiny(name, seed=1)
    train(
        resumed, batches_for(resumed), options, RunFolder(tmp_path / "parts"), launch(options), keep=lambda *kept: None
    )
    for key, value in whole.state_dict().items():
        if torch.is_tensor(value):
            assert torch.equal(value, resumed.state_dict()[key]), key


@EVERY
@DIMS
def test_what_it_makes_has_the_shape_of_the_task(name, dims):
    method = tiny(name, dims).eval()
    batch = batch_for(method)
    for verb, made in answers(method, batch).items():
        assert made.shape == batch.target.shape, verb
        assert torch.isfinite(made).all(), verb
        assert made.abs().max() < 10, f"{verb}: untrained, of the order of the noise or the image it was made of"


def bounded(values):
    """Settings as plain values, with tanh behind every network that has a choice of what its output passes through."""
    inner = {key: bounded(value) for key, value in values.items() if isinstance(value, dict)}
    return {**values, **inner, **({"activation": "tanh"} if "activation" in values else {})}


BOUNDED = [name for name in NAMES if bounded(plain := load(name).Settings().to_dict()) != plain]


def test_methods_with_a_bounded_output_are_found():
    assert {"regression", "pix2pix", "cyclegan", "cut", "stargan", "vae", "gan", "acgan", "projection_gan"} <= set(
        BOUNDED
    )


@pytest.mark.parametrize("name", BOUNDED)
@DIMS
def test_behind_a_bounded_layer_images_lie_between_minus_one_and_one(name, dims):
    """With weights so large that they would not without it; a segmenter's labels are 1 at most."""
    largest = {}
    for kind, changed in (("tanh", bounded), ("none", dict)):
        method = tiny(name, dims, **changed(shrunk(load(name).Settings().to_dict()))).eval()
        with torch.no_grad():
            for weight in method.parameters():
                weight.mul_(20)
        largest[kind] = max(float(made.abs().max()) for made in answers(method, batch_for(method)).values())
    assert largest["tanh"] <= 1 <= largest["none"]


@EVERY
def test_it_answers_alike_whatever_the_global_random_numbers_are(name):
    method = tiny(name).eval()
    batch = batch_for(method)
    if not hasattr(method, "translate"):
        pytest.skip("does not translate")
    drawn = {"noise": batch.normal(method.noise_channels, *batch.source.shape[2:])} if method.noise_channels else {}
    with torch.no_grad():
        torch.manual_seed(1)
        one = method.translate(batch.source, batch.condition, **drawn)
        torch.manual_seed(2)
        assert torch.equal(one, method.translate(batch.source, batch.condition, **drawn))


@EVERY
def test_an_item_is_answered_alike_alone_and_in_company(name):
    method = tiny(name).eval()
    batch = batch_for(method, count=3)
    if not hasattr(method, "translate"):
        pytest.skip("does not translate")
    noise = batch.normal(method.noise_channels, *batch.source.shape[2:])
    with torch.no_grad():

        def translated(which):
            condition = None if batch.condition is None else batch.condition[which]
            drawn = {"noise": noise[which]} if method.noise_channels else {}
            return method.translate(batch.source[which], condition, **drawn)

        alone = torch.cat([translated(slice(n, n + 1)) for n in range(3)])
        assert torch.allclose(translated(slice(None)), alone, atol=1e-4)


@EVERY
def test_saved_and_loaded_gives_the_same_output(name, tmp_path):
    method = tiny(name).eval()
    stack = PreparingSettings(slices=1, spatial_dims=2, conditions=("known",) * method.task.conditions)
    save_model(tmp_path / "model", method, Preparation(stack), {})
    loaded, _, _ = load_model(tmp_path / "model")
    batch = batch_for(method)
    before, after = answers(method, batch), answers(loaded.eval(), batch)
    assert before.keys() == after.keys()
    for verb in before:
        assert torch.equal(before[verb], after[verb]), verb


@EVERY
def test_losses_take_what_a_real_batch_is(name):
    """Sizes that differ along the axes, and a mask that leaves voxels out."""
    method = tiny(name, task=dataclasses.replace(tiny(name).task, size=(16, 32)))
    batch = batch_for(method)
    batch.mask[..., :4] = 0
    for _, terms in method.losses(batch):
        assert all(torch.isfinite(term) for term in terms.values())


PUBLISHED = [name for name in NAMES if load(name).PUBLISHED is not None]


def test_all_methods_but_regression_have_published_settings():
    assert set(NAMES) - set(PUBLISHED) == {"regression"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings_are_those_of_the_method_and_its_docstring_says_where_they_are_from(name):
    kind = load(name)
    assert type(kind.PUBLISHED) is kind.Settings
    assert checked(kind.Settings, kind.PUBLISHED.to_dict(), "method") == kind.PUBLISHED
    text = " ".join(sys.modules[kind.__module__].__doc__.split())
    assert re.search(r"\b(section|sections|equation|equations|algorithm|appendix|table|figure) [\dIVA-G]", text)
    assert re.search(r"[Pp]ublished|paper", text), "a sentence says where our default differs"


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_list_shows_published_settings_in_the_form_of_a_recipe(name):
    (entry,) = [entry for entry in entries() if entry.name == name]
    _, _, displayed = entry.facts.partition("published: ")
    if displayed != "the defaults":
        kind = load(name)
        assert checked(kind.Settings, merged(kind.Settings().to_dict(), yaml.safe_load(displayed)), "method") == (
            kind.PUBLISHED
        )

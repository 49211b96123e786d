import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from medtrans.losses.mind import mind_loss
from medtrans.losses.nmi import nmi_loss
from tests.methods.tiny import batch_for, tiny
from tests.methods.unpaired_toy import brightened, error, learn, of_the_best_constant, toy_method


def places(method, batch, layers):
    """The voxels whose numbers drawn are the highest."""
    voxels = [layer[0, 0].numel() for layer in layers]
    return [
        batch.uniform(many, key=key).argsort(descending=True)[:, : method.settings.patches]
        for key, many in enumerate(voxels, 1)
    ]


def nce(method, batch, image, made, turn=lambda layer: layer):
    """Patch by patch, layer by layer, of each item."""
    keys, queries = (method.G(side, encode=True) for side in (image, made))
    queries = [turn(layer) for layer in queries]
    where = places(method, batch, keys)
    losses = []
    for q, k in zip(method.H(queries, where), method.H(keys, where), strict=True):
        for item in range(len(q)):
            alike = normalize(q[item], dim=1) @ normalize(k[item], dim=1).T / method.settings.temperature
            losses.append(cross_entropy(alike, torch.arange(len(alike))))
    return torch.stack(losses).mean()


def test_its_objectives_are_the_formulas():
    method = tiny("cut", nce=0.5)
    batch = batch_for(method)
    x, y = batch.source, batch.target
    (_, generator), (_, discriminator) = method.losses(batch)
    fake, again = method.G(x), method.G(y)
    expected = {
        "gan": (method.D(fake)[0] - 1).square().mean(),
        "nce": nce(method, batch, x, fake) / 2,
        "identity": nce(method, batch, y, again) / 2,
    }
    torch.testing.assert_close(generator, expected)
    tell = ((method.D(y)[0] - 1).square().mean() + method.D(fake)[0].square().mean()) / 2
    torch.testing.assert_close(discriminator, {"gan": tell})


@pytest.mark.parametrize("dims", [2, 3])
def test_fast_mirrors_some_items_before_the_generator_and_their_features_after(dims):
    method = tiny("cut", dims, fast=True)
    batch = batch_for(method, count=4)
    mirrored = (batch.uniform() < 0.5).tolist()
    assert 0 < sum(mirrored) < 4

    def turn(images):
        return torch.stack([image.flip(1) if so else image for image, so in zip(images, mirrored, strict=True)])

    (_, generator), _ = method.losses(batch)
    fake = method.G(turn(batch.source))
    expected = {
        "gan": (method.D(fake)[0] - 1).square().mean(),
        "nce": 10 * nce(method, batch, batch.source, fake, turn),
    }
    torch.testing.assert_close(generator, expected)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(("structure", "loss"), [("mind", mind_loss), ("nmi", nmi_loss)])
def test_the_structure_compares_what_the_generator_was_given_with_its_translation(fast, structure, loss):
    method = tiny("cut", fast=fast, structure=structure, structure_weight=2.0)
    batch = batch_for(method, count=4)
    mirrored = batch.uniform() < 0.5 if fast else torch.zeros(4, dtype=torch.bool)
    given = torch.where(mirrored.view(-1, 1, 1, 1), batch.source.flip(2), batch.source)
    (_, generator), _ = method.losses(batch)
    torch.testing.assert_close(generator["structure"], 2 * loss(given, method.G(given)))
    assert "structure" not in next(tiny("cut", fast=fast).losses(batch))[1]


def test_source_and_target_must_fit_one_network():
    with pytest.raises(UsageError, match=r"5 source and 1.*preparing\.slices: 1"):
        tiny("cut", task=Task(spatial_dims=2, source_channels=5))


@pytest.mark.parametrize("changes", [{}, {"fast": True, "nce": 0.1}])
def test_it_learns_another_contrast_without_pairs(changes):
    method = toy_method("cut", patches=64, features=32, **changes)
    assert error(method, brightened) > 0.3
    assert error(learn(method, 100, brightened), brightened) < 0.14 < of_the_best_constant(brightened) / 1.4


def test_its_limit_is_an_inverted_contrast():
    """A patch finds its like, so what is bright stays bright; docs/methods.md says so."""
    method = toy_method("cut", patches=64, features=32)
    assert error(learn(method, 60)) > 3 * of_the_best_constant()

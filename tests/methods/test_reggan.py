import pytest
import torch
from torch.nn.functional import interpolate

from medtrans.core.method import Batch
from medtrans.losses.deformation import warp
from tests.methods.blobs_toy import SIDE, blobs, learn, toy_method, unseen

SETTINGS = {
    "generator": {"name": "unet", "channels": [8, 16]},
    "discriminator": {"name": "patch_discriminator", "filters": 8, "layers": 1},
}
REGISTRATION = {"name": "unet", "channels": [8, 16, 16]}


def aligned(count, rng):
    x = 2 * blobs(count, rng) - 1
    return x, 0.8 - 1.6 * (x - 0.2).abs()


def askew(count, rng):
    """The target bent by a smooth random field, two pixels of standard deviation at its knots."""
    x, y = aligned(count, rng)
    knots = 2 * torch.randn((count, 2, 4, 4), generator=rng)
    return x, warp(y, interpolate(knots, size=(SIDE, SIDE), mode="bicubic", align_corners=True))


def error(name, draw, **changes):
    """Of aligned pairs that were not in the training, after 200 steps on what `draw` gives."""
    method = learn(toy_method(name, **SETTINGS, **changes), 200, draw)
    x, y = unseen(aligned)
    with torch.no_grad():
        return float((method.translate(x) - y).abs().mean())


def test_it_learns_more_from_misaligned_pairs_than_pix2pix():
    ours, theirs = error("reggan", askew, registration=REGISTRATION), error("pix2pix", askew)
    assert ours < 0.85 * theirs
    assert ours < 0.15


@pytest.mark.slow
def test_it_learns_as_much_from_aligned_pairs():
    ours, theirs = error("reggan", aligned, registration=REGISTRATION), error("pix2pix", aligned)
    assert ours < 1.05 * theirs
    assert ours < 0.08


@pytest.mark.parametrize("dims", [2, 3])
def test_initial_displacements_are_almost_zero(dims):
    method = toy_method("reggan", dims=dims, registration=REGISTRATION, **SETTINGS)
    field = method.R(torch.randn(1, 2, *[8] * dims, generator=torch.Generator().manual_seed(0)))
    assert field.shape == (1, dims, *[8] * dims)
    assert field.abs().max() < 1e-3


def test_the_translation_is_compared_where_the_registration_moves_it():
    """A registration that shifts everything by one pixel: G's columns 1 … fit y's columns 0 …"""
    method = toy_method("reggan", registration=REGISTRATION, **SETTINGS)
    with torch.no_grad():
        method.R.last.weight.zero_()
        method.R.last.bias[:] = torch.tensor([0.0, 1.0])
        x = torch.randn(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))
        y = method.G(x).roll(-1, dims=3)
    mask = torch.ones_like(x)
    mask[..., -1] = 0
    (_, terms), _ = method.losses(Batch(x, y, mask))
    assert float(terms["l1"].detach()) == pytest.approx(0, abs=1e-4)
    assert float(terms["smoothness"].detach()) == 0
    fake = method.G(x).detach()
    apart = float((mask * (fake - y).abs()).sum() / mask.sum())
    assert float(terms["unregistered"].detach()) == pytest.approx(20 * apart)

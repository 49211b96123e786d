import itertools

import numpy as np
import pytest
import torch

from medtrans.losses.mind import mind, mind_loss
from medtrans.losses.nmi import nmi_loss, normalised_mutual_information

LOSSES = {"mind": mind_loss, "nmi": nmi_loss}

DIMS = pytest.mark.parametrize("dims", [2, 3])


def image(dims, seed=0, side=7, channels=1):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, (2, channels, *[side + n for n in range(dims)])))


def mind_voxel_by_voxel(image, voxel):
    """Of an image (*space), from the definition, at a voxel that is far from the borders."""
    around = list(itertools.product((-1, 0, 1), repeat=image.ndim))
    steps = [sign * axis for axis in np.eye(image.ndim, dtype=int) for sign in (-1, 1)]
    distances = [
        np.mean([(image[tuple(voxel + p)] - image[tuple(voxel + p + r)]) ** 2 for p in np.array(around)]) for r in steps
    ]
    told = np.exp(-np.array(distances) / np.mean(distances))
    return told / told.max()


@DIMS
def test_mind_is_its_definition(dims):
    x = image(dims)
    voxel = np.full(dims, 3)
    expected = mind_voxel_by_voxel(x[1, 0].numpy(), voxel)
    np.testing.assert_allclose(mind(x)[(1, slice(None), 0, *voxel)], expected, rtol=1e-9)


@DIMS
def test_mind_does_not_see_a_change_of_contrast(dims):
    x = image(dims)
    assert float(mind_loss(x, -0.3 * x + 0.2)) == pytest.approx(0, abs=1e-9)
    assert float(mind_loss(x, image(dims, seed=1))) > 0.1


def nmi_by_histogram(a, b, bins):
    """Of values on the centres of the bins, from numpy's histogram."""
    edges = np.linspace(-1 - 1 / (bins - 1), 1 + 1 / (bins - 1), bins + 1)
    joint = np.histogram2d(a.ravel(), b.ravel(), [edges, edges])[0] / a.size

    def entropy(p):
        return -(p[p > 0] * np.log(p[p > 0])).sum()

    return (entropy(joint.sum(0)) + entropy(joint.sum(1))) / entropy(joint)


@DIMS
def test_mutual_information_is_that_of_the_histogram(dims):
    a, b = ((image(dims, seed, channels=2) * 4).round() / 4 for seed in (0, 1))
    b = (a + b).clamp(-1, 1)
    expected = [[nmi_by_histogram(a[n, c].numpy(), b[n, c].numpy(), 9) for c in range(2)] for n in range(2)]
    np.testing.assert_allclose(normalised_mutual_information(a, b, bins=9), expected, rtol=1e-6)
    assert np.ptp(expected) > 0


@DIMS
def test_an_image_tells_all_about_itself_inverted_and_nothing_of_another(dims):
    on_bins = (image(dims, side=20) * 4).round() / 4
    other = (image(dims, seed=1, side=20) * 4).round() / 4
    told = normalised_mutual_information(on_bins, -on_bins, bins=9)
    assert told.flatten().tolist() == pytest.approx([2.0, 2.0], abs=1e-6)
    assert float(normalised_mutual_information(on_bins, other, bins=9).max()) < 1.05
    assert float(nmi_loss(on_bins, -on_bins)) < 0.5 < float(nmi_loss(on_bins, other))


def test_a_value_between_two_bins_counts_for_both():
    a = torch.tensor([[[[-0.5, 1.0]]]], dtype=torch.float64)
    shares = np.array([[0.25, 0.25, 0.5]])
    entropy = -(shares * np.log(shares)).sum()
    together = np.array([1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 2])
    expected = 2 * entropy / -(together * np.log(together)).sum()
    assert float(normalised_mutual_information(a, a, bins=3)) == pytest.approx(expected)


@DIMS
@pytest.mark.parametrize("structure", ["mind", "nmi"])
def test_it_teaches_and_survives_flat_images(dims, structure):
    x = image(dims)
    for made in (image(dims, seed=1), torch.zeros_like(x), torch.full_like(x, 1.5)):
        made.requires_grad_()
        LOSSES[structure](x, made).backward()
        assert torch.isfinite(made.grad).all()
    made = (x + 0.3 * image(dims, seed=1)).requires_grad_()
    before = LOSSES[structure](x, made)
    before.backward()
    step = 0.01 * made.grad / made.grad.abs().max()
    assert float(LOSSES[structure](x, (made - step).detach())) < float(before.detach())

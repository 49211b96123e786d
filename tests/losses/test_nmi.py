"""Normalised mutual information against numpy's histogram."""

import numpy as np
import pytest
import torch

from medtrans.losses.nmi import nmi_loss, normalised_mutual_information
from tests.losses.structure_images import DIMS, assert_has_a_useful_gradient, image


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
def test_mutual_information_is_full_with_the_inverted_image_and_none_with_another(dims):
    on_bins = (image(dims, side=20) * 4).round() / 4
    other = (image(dims, seed=1, side=20) * 4).round() / 4
    reference = normalised_mutual_information(on_bins, -on_bins, bins=9)
    assert reference.flatten().tolist() == pytest.approx([2.0, 2.0], abs=1e-6)
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
def test_its_gradient_is_useful_and_finite_for_flat_images(dims):
    assert_has_a_useful_gradient(nmi_loss, dims)

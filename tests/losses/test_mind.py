"""MIND against its definition, voxel by voxel."""

import itertools

import numpy as np
import pytest

from medtrans.losses.mind import mind, mind_loss
from tests.losses.structure_images import DIMS, assert_has_a_useful_gradient, image


def mind_voxel_by_voxel(image, voxel):
    """Of an image (*space), from the definition, at a voxel that is far from the borders."""
    around = list(itertools.product((-1, 0, 1), repeat=image.ndim))
    steps = [sign * axis for axis in np.eye(image.ndim, dtype=int) for sign in (-1, 1)]
    distances = [
        np.mean([(image[tuple(voxel + p)] - image[tuple(voxel + p + r)]) ** 2 for p in np.array(around)]) for r in steps
    ]
    reference = np.exp(-np.array(distances) / np.mean(distances))
    return reference / reference.max()


@DIMS
def test_mind_is_its_definition(dims):
    x = image(dims)
    voxel = np.full(dims, 3)
    expected = mind_voxel_by_voxel(x[1, 0].numpy(), voxel)
    np.testing.assert_allclose(mind(x)[(1, slice(None), 0, *voxel)], expected, rtol=1e-9)


@DIMS
def test_mind_does_not_depend_on_contrast(dims):
    x = image(dims)
    assert float(mind_loss(x, -0.3 * x + 0.2)) == pytest.approx(0, abs=1e-9)
    assert float(mind_loss(x, image(dims, seed=1))) > 0.1


@DIMS
def test_its_gradient_is_useful_and_finite_for_flat_images(dims):
    assert_has_a_useful_gradient(mind_loss, dims)

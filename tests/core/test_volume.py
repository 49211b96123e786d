import itertools

import nibabel as nib
import numpy as np
import pytest

from medtrans.core.errors import GridMismatch
from medtrans.core.finding import Finding
from medtrans.core.volume import Origin, Volume


def rotation(rng):
    left, _, right = np.linalg.svd(rng.normal(size=(3, 3)))
    return left @ right


def test_the_orientation_is_that_of_nibabel():
    rng = np.random.default_rng(0)
    voxels = np.zeros((1, 2, 2, 2))
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((-1.0, 1.0), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = np.eye(3)[:, order] * flips
            assert Volume(voxels, affine).orientation == "".join(nib.orientations.aff2axcodes(affine))
    for _ in range(200):
        affine = np.eye(4)
        affine[:3, :3] = rotation(rng) * rng.uniform(0.3, 5, 3)
        assert Volume(voxels, affine).orientation == "".join(nib.orientations.aff2axcodes(affine))


def test_spacing_is_in_millimetres_along_the_voxel_axes():
    affine = np.eye(4)
    affine[:3, :3] = rotation(np.random.default_rng(1)) * [0.5, 1, 3]
    assert Volume(np.zeros((1, 2, 2, 2)), affine).spacing == pytest.approx((0.5, 1, 3))


def test_other_values_keep_grid_and_origin_and_drop_the_findings():
    noticed = Finding(code="sheared-axes", severity="warn", where="v.nii", what="its axes are sheared")
    volume = Volume(np.zeros((1, 2, 3, 4)), np.eye(4), Origin("nifti", object()), (noticed,))
    other = volume.like(np.ones((2, 3, 4)))
    assert other.voxels.shape == (1, 2, 3, 4)
    assert other.origin is volume.origin
    assert other.findings == ()
    assert other.shares_grid_with(volume)
    with pytest.raises(GridMismatch):
        volume.like(np.ones((2, 3, 5)))


def test_wrong_shapes_are_refused():
    with pytest.raises(GridMismatch, match="channel"):
        Volume(np.zeros((2, 2, 2)), np.eye(4))
    with pytest.raises(GridMismatch, match="4x4"):
        Volume(np.zeros((1, 2, 2, 2)), np.eye(3))

import numpy as np
import pytest

from medtrans.preparing.masks import body_mask, nonzero_mask
from tests.preparing.phantom_volumes import ball, ct, mr

SHAPE = (40, 42, 36)


def test_the_body_is_found_in_ct_and_in_mr():
    for volume in (ct(SHAPE), mr(SHAPE)):
        wrong = body_mask(volume.voxels[0]) ^ ball(SHAPE)
        assert wrong.mean() < 0.01


def test_a_table_beside_the_body_is_left_out():
    voxels = ct(SHAPE).voxels[0].copy()
    voxels[5:35, :2, :] = 200
    assert not body_mask(voxels)[:, :2].any()


def test_lungs_and_open_airways_are_body():
    voxels = ct(SHAPE).voxels[0].copy()
    voxels[14:20, 16:24, 10:20] = -900
    voxels[19:21, 19:21, 18:] = -1000
    found = body_mask(voxels)
    assert found[14:20, 16:24, 10:20].all()
    assert found[19:21, 19:21, 18:28].all()


def test_dark_bone_inside_is_body():
    voxels = mr(SHAPE).voxels[0].copy()
    shell = ball(SHAPE, 0.5) & ~ball(SHAPE, 0.4)
    voxels[shell] = 2
    assert body_mask(voxels)[shell].all()


def test_metal_does_not_swallow_the_body():
    voxels = mr(SHAPE).voxels[0].copy()
    voxels[20, 20, 18] = 1e5
    assert (body_mask(voxels) ^ ball(SHAPE)).mean() < 0.01


def test_a_single_slice_and_an_empty_image_are_answered():
    assert (body_mask(mr((40, 42, 1)).voxels[0]) ^ ball((40, 42, 1))).mean() < 0.03
    assert not body_mask(np.zeros((8, 8, 8))).any()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_hole_of_a_single_slice_is_filled_along_whichever_axis_it_is_one_voxel_thick(axis):
    slice_ = np.moveaxis(mr((40, 42, 1)).voxels[0], 2, axis).copy()
    hole = np.moveaxis(np.zeros((40, 42, 1), bool), 2, axis)
    np.moveaxis(hole, axis, 2)[17:23, 18:24] = True
    slice_[hole] = 0
    assert body_mask(slice_)[hole].all()
    assert nonzero_mask(slice_ * (slice_ > 50))[hole].all()


def test_nonzero_keeps_every_voxel_and_fills_holes():
    brain = ball(SHAPE).astype(np.float32)
    brain[18:22, 18:22, 16:20] = 0
    assert np.array_equal(nonzero_mask(brain), ball(SHAPE))

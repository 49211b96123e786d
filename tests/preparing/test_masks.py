import math

import numpy as np
import pytest

from medtrans.phantoms import make_head, paint
from medtrans.preparing.masks import air_level, body_mask, dilated, hull_fraction, nonzero_mask
from tests.preparing.phantom_volumes import ball, ct, mr

SHAPE = (40, 42, 36)


def test_the_body_is_found_in_ct_and_in_mr():
    for volume, is_ct in ((ct(SHAPE), True), (mr(SHAPE), False)):
        wrong = body_mask(volume.voxels[0], is_ct=is_ct) ^ ball(SHAPE)
        assert wrong.mean() < 0.01


def test_a_table_beside_the_body_is_left_out():
    voxels = ct(SHAPE).voxels[0].copy()
    voxels[5:35, :2, :] = 200
    assert not body_mask(voxels, is_ct=True)[:, :2].any()


def test_lungs_and_open_airways_are_body():
    voxels = ct(SHAPE).voxels[0].copy()
    voxels[14:20, 16:24, 10:20] = -900
    voxels[19:21, 19:21, 18:] = -1000
    found = body_mask(voxels, is_ct=True)
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


@pytest.mark.parametrize("side", [42, 1])
@pytest.mark.parametrize(("gain", "offset", "dtype"), [(1, 90, np.int16), (0.01, -5.0, np.float32), (7, 1e4, np.int32)])
def test_nonzero_finds_the_same_body_whatever_became_of_the_zero_outside(gain, offset, dtype, side):
    body = ball((40, side, 36))
    brain = np.where(body, 2 * np.random.default_rng(0).integers(-20, 200, body.shape) + 1, 0)
    assert np.array_equal(nonzero_mask(brain), body)
    assert np.array_equal(nonzero_mask((gain * brain + offset).astype(dtype)), body)


def test_nonzero_of_a_body_that_leaves_the_image_and_of_an_image_without_background():
    rng = np.random.default_rng(0)
    cut = np.where(ball((40, 40, 40)), rng.integers(1, 400, (40, 40, 40)), 0)[10:-10]
    assert np.array_equal(nonzero_mask(cut), cut != 0)
    assert nonzero_mask(rng.normal(0, 100, (20, 20, 20)).round()).all()
    assert not nonzero_mask(np.full((8, 8, 8), 3.0)).any()


@pytest.fixture(scope="module")
def heads():
    return {spacing: [(head, head.mask.voxels[0] > 0) for head in _heads(spacing)] for spacing in (3.0, 6.0)}


def _heads(spacing):
    shape = tuple(int(side / spacing) for side in (192, 216, 192))
    return [make_head(seed, shape=shape, spacing=spacing) for seed in (50, 51)]


def falling(shape):
    """The field of a coil: three times stronger at one end than at the other."""
    return np.linspace(0.5, 1.5, shape[2])[None, None, :] * np.linspace(1.2, 0.8, shape[1])[None, :, None]


@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR", "PD"])
@pytest.mark.parametrize("spacing", [3.0, 6.0])
def test_of_no_contrast_more_than_half_a_percent_of_the_body_becomes_air(heads, contrast, spacing):
    for seed, (head, true) in enumerate(heads[spacing]):
        volume = paint(head, contrast, np.random.default_rng(seed))
        for voxels in (volume.voxels[0], volume.voxels[0] * falling(volume.shape)):
            found = dilated(body_mask(voxels, volume.spacing), volume.spacing)
            assert np.mean(~found[true]) < 0.005
            assert hull_fraction(found) > 0.85


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 300.0), (0.01, -5.0), (7.0, 1e4)])
def test_gain_and_offset_change_neither_the_body_nor_the_air(gain, offset):
    voxels = mr(SHAPE).voxels[0]
    body = body_mask(voxels)
    other = gain * voxels + offset
    assert (body_mask(other) ^ body).mean() < 0.001
    assert air_level(other, body) == pytest.approx(gain * air_level(voxels, body) + offset, rel=1e-5)


def test_air_is_the_lowest_value_where_all_is_body():
    voxels = np.linspace(5, 100, 8**3).reshape(8, 8, 8)
    assert air_level(voxels, np.ones(voxels.shape, bool)) == pytest.approx(5, abs=0.2)


def test_half_a_body_fills_little_of_its_hull():
    bent = np.zeros((30, 30, 30), bool)
    bent[:6] = bent[:, :6] = True
    assert hull_fraction(ball(SHAPE)) > 0.9
    assert hull_fraction(bent) < 0.7
    assert math.isnan(hull_fraction(np.zeros((8, 8, 8), bool)))
    assert math.isnan(hull_fraction(ball((40, 42, 1))))

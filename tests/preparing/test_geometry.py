import itertools

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import resample_like, to_grid
from tests.preparing.phantom_volumes import FLIPPED, OBLIQUE, mr

VOLUMES = {
    "oblique": mr((9, 10, 11), OBLIQUE),
    "flipped": mr((9, 10, 11), FLIPPED),
    "anisotropic": mr((12, 8, 5), np.diag([0.5, 0.9, 6.0, 1.0])),
    "odd": mr((7, 13, 3)),
    "single slice": mr((16, 15, 1), np.diag([-1.0, 1.0, 5.0, 1.0])),
}


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.parametrize("orientation", ["RAS", "LPS"])
def test_turning_is_undone_voxel_by_voxel(name, orientation):
    volume = VOLUMES[name]
    turned, undo = to_grid(volume, orientation=orientation)
    assert turned.orientation == orientation
    assert np.array_equal(undo(turned.voxels, 0.0), volume.voxels)


@pytest.mark.parametrize("name", VOLUMES)
def test_turning_leaves_every_voxel_in_its_place(name):
    volume = VOLUMES[name]
    turned, _ = to_grid(volume)
    here, there = np.unravel_index(volume.voxels[0].argmax(), volume.shape), turned.voxels[0].argmax()
    there = np.unravel_index(there, turned.shape)
    assert turned.affine @ [*there, 1] == pytest.approx(volume.affine @ [*here, 1])


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("name", VOLUMES)
def test_resampling_comes_back_to_the_same_shape(name, order):
    volume = VOLUMES[name]
    prepared, undo = to_grid(volume, spacing=(1.3, 1.1, 2.0), order=order)
    assert prepared.spacing == pytest.approx((1.3, 1.1, 2.0))
    assert undo(prepared.voxels, 0.0).shape == volume.voxels.shape


def world_ramp(shape, affine, slope=(1.0, -2.0, 0.5)):
    grid = np.stack([*np.indices(shape), np.ones(shape)], -1) @ affine.T
    return Volume((grid[..., :3] @ slope).astype(np.float32)[None], affine)


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("affine", [OBLIQUE, FLIPPED], ids=["oblique", "flipped"])
@pytest.mark.parametrize("spacing", [(0.6, 0.6, 0.6), (2.0, 1.0, 3.0)])
def test_a_ramp_stays_the_same_ramp(affine, spacing, order):
    prepared, undo = to_grid(world_ramp((24, 25, 26), affine), spacing=spacing, order=order)
    inner = tuple(slice(max(side // 3, 1), -max(side // 3, 1)) for side in prepared.shape)
    truth = world_ramp(prepared.shape, prepared.affine)
    assert prepared.voxels[0][inner] == pytest.approx(truth.voxels[0][inner], abs=1e-3)
    back = undo(prepared.voxels, 0.0)[0]
    assert back[10:14, 10:14, 10:14] == pytest.approx(
        # The edge of the field of view, a kink of the ramp, fades by a factor of four with every voxel.
        world_ramp((24, 25, 26), affine).voxels[0, 10:14, 10:14, 10:14],
        abs=1e-3 if order == 1 else 5e-3,
    )


@pytest.mark.parametrize("order", [1, 3])
def test_coarser_voxels_do_not_alias(order):
    stripes = np.zeros((1, 39, 8, 8), np.float32)
    stripes[:, ::2] = 1
    prepared, _ = to_grid(Volume(stripes, np.eye(4)), spacing=(3.0, 1.0, 1.0), order=order)
    assert prepared.voxels[0, 2:-2] == pytest.approx(0.5, abs=0.05)


def line_spread(order):
    """A plane of one voxel of 1 mm, taken to 1.5 mm and back: the mean over all phases, from -9 to 9 mm."""
    lines = []
    for side, place in itertools.product(range(48, 54), range(22, 28)):
        line = np.zeros((1, side, 1, 1), np.float32)
        line[:, place] = 1
        prepared, undo = to_grid(Volume(line, np.eye(4)), spacing=(1.5, 1.0, 1.0), order=order)
        lines.append(undo(prepared.voxels, 0.0)[0, place - 9 : place + 10, 0, 0])
    return np.mean(lines, axis=0)


def test_cubic_resampling_keeps_more_of_a_fine_pattern_than_linear():
    periods, millimetres = (8, 6, 4), np.arange(-9, 10)
    linear, cubic = (
        [float((line_spread(order) * np.cos(2 * np.pi * millimetres / period)).sum()) for period in periods]
        for order in (1, 3)
    )
    assert linear == pytest.approx([0.81, 0.69, 0.43], abs=0.01)
    assert cubic == pytest.approx([0.92, 0.81, 0.59], abs=0.01)


@pytest.mark.parametrize("spacing", [(0.7, 0.6, 0.8), (1.5, 1.4, 2.1)])
def test_a_cubic_spline_does_not_overshoot(spacing):
    step = np.full((1, 20, 18, 16), -1024.0, np.float32)
    step[:, 6:14, 5:12, 4:11] = 1500
    prepared, undo = to_grid(Volume(step, np.eye(4)), spacing=spacing, order=3, background=-1024.0)
    for voxels in (prepared.voxels, undo(prepared.voxels, -1024.0)):
        assert voxels.min() >= -1024
        assert voxels.max() <= 1500


@pytest.mark.parametrize("order", [1, 3])
def test_a_constant_stays_constant_up_to_the_edge(order):
    flat = Volume(np.full((1, 9, 10, 3), 7.0, np.float32), np.diag([1.0, 1.0, 5.0, 1.0]))
    prepared, undo = to_grid(flat, spacing=(1.5, 0.7, 1.0), order=order, background=-1.0)
    assert prepared.voxels == pytest.approx(7)
    assert undo(prepared.voxels, -1.0) == pytest.approx(7)


def test_labels_stay_labels():
    labels = Volume((mr().voxels > 50).astype(np.uint8) * 5, np.eye(4))
    prepared, _ = to_grid(labels, spacing=(0.7, 1.6, 1.1), order=0)
    assert prepared.voxels.dtype == np.uint8
    assert set(np.unique(prepared.voxels)) == {0, 5}


def test_outside_the_field_is_background():
    reference = Volume(np.zeros((1, 10, 10, 10)), np.diag([1.0, 1.0, 1.0, 1.0]) + np.eye(4, k=3) * 5)
    moved = resample_like(Volume(np.full((1, 10, 10, 10), 3.0), np.eye(4)), reference, background=-9.0)
    assert moved.voxels[0, :4] == pytest.approx(3)
    assert moved.voxels[0, 7:] == pytest.approx(-9)


def test_a_wrong_orientation_is_answered():
    with pytest.raises(UsageError, match="RAX"):
        to_grid(mr(), orientation="RAX")

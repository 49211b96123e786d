import numpy as np
import pytest

from medtrans.preparing.augmentation import draw_transforms
from medtrans.preparing.sampling_grid import is_identity, sample, sampling_grid
from medtrans.preparing.transforms.flip import Flip
from medtrans.preparing.transforms.rotation import Rotation
from medtrans.preparing.transforms.scaling import Scaling
from medtrans.preparing.transforms.translation import Translation
from tests.preparing.phantom_volumes import ball
from tests.preparing.test_augmentation import EVERYTHING

SPACING = (1.0, 2.0)


def rotated(degrees):
    return [(Rotation(), {"degrees": [degrees]})]


@pytest.mark.parametrize("shape", [(9, 10), (6, 7, 8), (5, 6, 1)])
def test_an_item_that_is_not_transformed_is_cut_out(shape):
    voxels = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    start, size = (1,) * len(shape), tuple(max(side - 2, 1) for side in shape)
    start = tuple(min(a, side - width) for a, side, width in zip(start, shape, size, strict=True))
    grid = sampling_grid([(Scaling(), {"factor": 1.0})], start, size, [1.0] * len(shape))
    inner = tuple(slice(a, a + width) for a, width in zip(start, size, strict=True))
    assert sample(voxels, grid, -1.0) == pytest.approx(voxels[(slice(None), *inner)], abs=1e-5)


def test_a_quarter_turn_is_a_quarter_turn_in_millimetres():
    voxels = np.zeros((1, 21, 11), np.float32)
    voxels[0, 14, 5] = 1  # 4 mm from the centre along the first axis; the second has voxels of 2 mm
    turned = sample(voxels, sampling_grid(rotated(90.0), (0, 0), (21, 11), SPACING), 0.0)
    assert np.unravel_index(turned.argmax(), (21, 11)) in [(10, 7), (10, 3)]
    assert turned.max() == pytest.approx(1, abs=1e-4)


def test_scaling_enlarges_and_translation_shifts_by_millimetres():
    voxels = ball((41, 21), 0.2).astype(np.float32)[None]
    larger = sampling_grid([(Scaling(), {"factor": 1.5})], (0, 0), (41, 21), SPACING)
    assert sample(voxels, larger, 0.0, "nearest").sum() == pytest.approx(1.5**2 * voxels.sum(), rel=0.15)
    shifted = sampling_grid([(Translation(), {"millimetres": [3.0, -4.0]})], (0, 0), (41, 21), SPACING)
    assert sample(voxels, shifted, 0.0) == pytest.approx(np.roll(voxels, (-3, 2), (1, 2)), abs=1e-5)


def test_a_rotated_patch_shows_what_lies_beyond_it_and_air_beyond_the_volume():
    voxels = np.ones((1, 30, 30), np.float32)
    inside = sample(voxels, sampling_grid(rotated(45.0), (10, 10), (10, 10), (1, 1)), -5.0)
    assert inside == pytest.approx(1)
    beyond = sample(voxels, sampling_grid(rotated(45.0), (0, 0), (30, 30), (1, 1)), -5.0)
    assert beyond[0, 0, 0] == pytest.approx(-5)
    assert beyond[0, 15, 15] == pytest.approx(1)


def test_several_transforms_are_one_interpolation():
    drawn = [*rotated(30.0), (Scaling(), {"factor": 1.2}), (Translation(), {"millimetres": [1.0, 2.0]})]
    grid = sampling_grid(drawn, (0, 0), (9, 9), (1, 1))
    moved = [4.0 + 1.0, 4.0 + 2.0]
    assert grid[:, 4, 4] == pytest.approx(moved)
    angle = np.radians(30.0)
    assert grid[:, 5, 4] - grid[:, 4, 4] == pytest.approx(np.array([np.cos(angle), np.sin(angle)]) / 1.2, abs=1e-5)


def test_a_mask_stays_a_mask():
    mask = ball((20, 20, 20))[None]
    drawn = draw_transforms(EVERYTHING, np.random.default_rng(0), 3)
    moved = sample(mask, sampling_grid(drawn, (2, 2, 2), (16, 16, 16), (1, 1, 2)), 0.0, "nearest")
    assert set(np.unique(moved)) == {0, 1}
    assert moved.dtype == np.float32


def test_a_flip_alone_needs_no_interpolation():
    assert is_identity([])
    assert is_identity([(Flip(), {"mirrored": True})])
    assert not is_identity([(Flip(), {"mirrored": True}), (Scaling(), {"factor": 1.1})])

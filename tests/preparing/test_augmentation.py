import json

import numpy as np
import pytest

from medtrans.preparing.appearances import alter
from medtrans.preparing.augmentation import Augment
from medtrans.preparing.deformations import moves, places, sample, smooth_field
from tests.preparing.phantom_volumes import ball

EVERYTHING = Augment(
    flip=True,
    rotate_degrees=20,
    scale=0.2,
    shift_millimetres=3,
    elastic_millimetres=1,
    brightness=0.2,
    gamma=0.3,
    bias=0.2,
    blur_millimetres=2,
    noise=0.1,
)
SPACING = (1.0, 2.0)


def test_by_default_nothing_is_varied():
    dice = np.random.default_rng(0)
    assert Augment().draw_place(dice, 2) == Augment().draw_look(dice) == {}


def test_draws_are_plain_and_applied_the_same_way_for_ever():
    dice = np.random.default_rng(0)
    place, look = EVERYTHING.draw_place(dice, 2), EVERYTHING.draw_look(dice)
    assert json.loads(json.dumps([place, look])) == [place, look]
    image = np.random.default_rng(1).random((2, 12, 13), dtype=np.float32)
    once, again = (sample(image, places(place, (1, 2), (8, 8), SPACING), 0.0) for _ in range(2))
    assert np.array_equal(once, again)
    assert np.array_equal(alter(image, look, SPACING, -1.0), alter(image, look, SPACING, -1.0))


@pytest.mark.parametrize("shape", [(9, 10), (6, 7, 8), (5, 6, 1)])
def test_an_item_that_is_not_moved_is_cut_out(shape):
    voxels = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    start, size = (1,) * len(shape), tuple(max(side - 2, 1) for side in shape)
    start = tuple(min(a, side - width) for a, side, width in zip(start, shape, size, strict=True))
    moved = sample(voxels, places({"scale": 1.0}, start, size, [1.0] * len(shape)), -1.0)
    inner = tuple(slice(a, a + width) for a, width in zip(start, size, strict=True))
    assert moved == pytest.approx(voxels[(slice(None), *inner)], abs=1e-5)


def test_a_quarter_turn_is_a_quarter_turn_in_millimetres():
    voxels = np.zeros((1, 21, 11), np.float32)
    voxels[0, 14, 5] = 1  # 4 mm from the centre along the first axis; the second has voxels of 2 mm
    turned = sample(voxels, places({"degrees": [90.0]}, (0, 0), (21, 11), SPACING), 0.0)
    assert np.unravel_index(turned.argmax(), (21, 11)) in [(10, 7), (10, 3)]
    assert turned.max() == pytest.approx(1, abs=1e-4)


def test_scale_enlarges_and_shift_moves_by_millimetres():
    voxels = ball((41, 21), 0.2).astype(np.float32)[None]
    larger = sample(voxels, places({"scale": 1.5}, (0, 0), (41, 21), SPACING), 0.0, "nearest")
    assert larger.sum() == pytest.approx(1.5**2 * voxels.sum(), rel=0.15)
    shifted = sample(voxels, places({"shift": [3.0, -4.0]}, (0, 0), (41, 21), SPACING), 0.0)
    assert shifted == pytest.approx(np.roll(voxels, (-3, 2), (1, 2)), abs=1e-5)


def test_a_turned_patch_shows_what_lies_beyond_it_and_air_beyond_the_volume():
    voxels = np.ones((1, 30, 30), np.float32)
    inside = sample(voxels, places({"degrees": [45.0]}, (10, 10), (10, 10), (1, 1)), -5.0)
    assert inside == pytest.approx(1)
    clipped_fraction = sample(voxels, places({"degrees": [45.0]}, (0, 0), (30, 30), (1, 1)), -5.0)
    assert clipped_fraction[0, 0, 0] == pytest.approx(-5)
    assert clipped_fraction[0, 15, 15] == pytest.approx(1)


def test_a_mask_stays_a_mask():
    mask = ball((20, 20, 20))[None]
    drawn = EVERYTHING.draw_place(np.random.default_rng(0), 3)
    moved = sample(mask, places(drawn, (2, 2, 2), (16, 16, 16), (1, 1, 2)), 0.0, "nearest")
    assert set(np.unique(moved)) == {0, 1}
    assert moved.dtype == np.float32


def test_elastic_shifts_are_smooth_and_as_large_as_asked():
    dice = np.random.default_rng(0)
    fields = np.stack([smooth_field(dice, (40, 50)) for _ in range(50)])
    assert 0.3 < fields.std() < 1
    assert np.abs(np.diff(fields, axis=1)).max() < 0.5


@pytest.mark.parametrize("name", ["brightness", "gamma", "bias", "blur_millimetres"])
def test_air_stays_air_when_a_source_looks_different(name):
    image = np.full((1, 24, 24), -1.3, np.float32)
    image[:, 10:14, 10:14] = 0.5
    look = Augment(**{name: 0.5}).draw_look(np.random.default_rng(0))
    other = alter(image, look, (0.2, 0.2), -1.3)
    assert other[:, :4] == pytest.approx(-1.3)
    assert not np.allclose(other[:, 8:16, 8:16], image[:, 8:16, 8:16], atol=1e-4)
    assert image[0, 0, 0] == np.float32(-1.3)


def test_noise_is_as_strong_as_drawn():
    noisy = alter(np.zeros((1, 64, 64), np.float32), {"noise": {"deviation": 0.1, "seed": 3}}, (1, 1), -1.0)
    assert noisy.std() == pytest.approx(0.1, rel=0.05)


def test_moves_is_false_for_a_flip_alone():
    assert not moves({"flip": True})
    assert moves({"flip": True, "scale": 1.1})

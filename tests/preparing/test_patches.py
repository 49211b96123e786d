import numpy as np
import pytest

from medtrans.core.errors import EmptyMask
from medtrans.preparing.patches import PLANES, centred_start, crop, draw_index, draw_start, slice_stack
from tests.preparing.phantom_volumes import ball

VOXELS = np.arange(2 * 5 * 6 * 7, dtype=np.float32).reshape(2, 5, 6, 7)


@pytest.mark.parametrize("plane", PLANES)
def test_a_stack_is_the_slice_and_its_neighbours_channel_by_channel(plane):
    axis = PLANES[plane]
    stack = slice_stack(VOXELS, axis, 2, 3)
    slices = np.moveaxis(VOXELS, axis + 1, 1)
    assert np.array_equal(stack, [slices[c, n] for c in (0, 1) for n in (1, 2, 3)])


def test_beyond_the_ends_the_last_slice_repeats():
    stack = slice_stack(VOXELS[:1], 2, 0, 5)
    assert np.array_equal(stack, [VOXELS[0, :, :, n] for n in (0, 0, 0, 1, 2)])


def test_what_lies_outside_is_background():
    patch = crop(VOXELS, (-1, 4, 8), (3, 4, 2), -7.0)
    assert (patch == -7).all()
    patch = crop(VOXELS, (-1, 4, 6), (3, 4, 2), -7.0)
    assert np.array_equal(patch[:, 1:, :2, :1], VOXELS[:, :2, 4:, 6:])
    assert (patch == -7).sum() == patch.size - 2 * 2 * 2


def test_a_patch_stays_inside_where_it_fits_and_is_centred_where_not():
    rng = np.random.default_rng(0)
    starts = np.array([draw_start(rng, np.ones((9, 10, 3), bool), (4, 10, 8)) for _ in range(200)])
    assert set(starts[:, 0]) == set(range(6))
    assert set(starts[:, 1]) == {0}
    assert set(starts[:, 2]) == {centred_start(3, 8)} == {-2}


def test_patches_centre_on_the_body_evenly():
    inside = ball((8, 9, 10), 0.5)
    inside[0, 0, 0] = True
    rng = np.random.default_rng(0)
    drawn = [draw_start(rng, inside, (1, 1, 1)) for _ in range(4000)]
    counts = {place: drawn.count(place) for place in set(drawn)}
    assert all(inside[place] for place in counts)
    assert counts[0, 0, 0] == pytest.approx(4000 / inside.sum(), rel=0.4)


def test_an_index_is_as_likely_as_its_weight():
    rng = np.random.default_rng(0)
    drawn = np.bincount([draw_index(rng, np.array([0, 1, 3])) for _ in range(2000)], minlength=3)
    assert drawn[0] == 0
    assert drawn[2] == pytest.approx(3 * drawn[1], rel=0.2)


def test_an_empty_mask_is_answered():
    with pytest.raises(EmptyMask):
        draw_start(np.random.default_rng(0), np.zeros((3, 3), bool), (2, 2))

import numpy as np
import pytest

from medtrans.translating.blending import overlap_slices, window_size, window_starts, window_weights

PLACES = [
    (side, width, overlap, divisor)
    for side in (1, 7, 32, 33, 100)
    for width, divisor in ((8, 4), (16, 16), (32, 8))
    for overlap in (0.0, 0.25, 0.5, 0.75, 0.9)
]


@pytest.mark.parametrize("blending", ["gaussian", "hann"])
@pytest.mark.parametrize(("side", "width", "overlap", "divisor"), PLACES)
def test_the_weights_of_all_windows_sum_to_one_at_every_voxel(side, width, overlap, divisor, blending):
    starts = window_starts(side, width, overlap, divisor)
    total = np.zeros(side)
    for start, weights in zip(starts, window_weights(side, width, starts, blending), strict=True):
        total[overlap_slices(side, width, start)[0]] += weights
    assert np.abs(total - 1).max() < 3e-7


@pytest.mark.parametrize(("side", "width", "overlap", "divisor"), PLACES)
def test_several_windows_begin_at_multiples_of_the_divisor_and_keep_their_overlap(side, width, overlap, divisor):
    starts = window_starts(side, width, overlap, divisor)
    if len(starts) > 1:
        assert all(start % divisor == 0 for start in starts)
        assert np.diff(starts).max() <= max(np.ceil(width * (1 - overlap) / divisor) * divisor, divisor)
    assert starts[0] <= 0
    assert starts[-1] + width >= side


def test_one_window_alone_has_the_weight_one_bit_for_bit():
    [weights] = window_weights(13, 16, window_starts(13, 16, 0.5, 16), "gaussian")
    assert (weights == 1).all()


def test_a_window_fades_towards_its_border():
    first, second = window_weights(48, 32, [0, 16], "gaussian")
    assert first[:16].min() > 0.99
    assert first[-1] < 0.02
    assert second[0] < 0.02


def test_a_window_is_the_patch_or_the_whole_side_rounded_up_to_the_divisor():
    assert window_size((250, 180), (), (16, 16)) == (256, 192)
    assert window_size((250, 180), (128, 192), (16, 16)) == (128, 192)
    assert window_size((250, 180), (100, 100), (16, 8)) == (112, 104)

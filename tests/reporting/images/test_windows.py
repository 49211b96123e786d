import numpy as np
import pytest

from medtrans.core.modality import MODALITIES, DisplayWindow, find_modality
from medtrans.reporting.images.windows import difference_limit, difference_windows, display_windows, window_text

CT, MR = find_modality("CT"), find_modality("MR")


def test_a_window_without_units_lies_between_percentiles_in_the_body():
    voxels = np.zeros((10, 10, 11), np.float32)
    voxels[..., 1:] = np.arange(1000).reshape(10, 10, 10)
    mask = np.ones((10, 10, 11), bool)
    mask[..., 0] = False
    (window,) = display_windows(voxels, mask, MR)
    assert (window.low, window.high) == (pytest.approx(5, abs=0.1), pytest.approx(994, abs=1))


def test_nan_voxels_do_not_change_the_window():
    voxels, mask = np.full((4, 4, 4), np.nan, np.float32), np.ones((4, 4, 4), bool)
    assert (display_windows(voxels, mask, MR)[0].high) == 1
    voxels[0] = 7
    assert (display_windows(voxels, mask, MR)[0].high) == 7


@pytest.mark.parametrize("name", MODALITIES)
def test_windows_are_those_of_the_declared_modality_whatever_the_values(name):
    modality = find_modality(name)
    voxels, mask = np.full((4, 4, 4), -1000.0), np.ones((4, 4, 4), bool)
    windows = display_windows(voxels, mask, modality)
    assert (windows == modality.windows) == bool(modality.windows)
    assert len(difference_windows(voxels, mask, modality)) == len(windows)


def test_differences_of_ct_have_fixed_windows_as_wide_as_its_own():
    windows = difference_windows(np.full((4, 4, 4), 9000.0), np.ones((4, 4, 4), bool), CT)
    assert [(window.low, window.high) for window in windows] == [(-200, 200), (-750, 750)]


@pytest.mark.parametrize(("largest", "limit"), [(0.0, 1.0), (0.013, 0.02), (37, 40), (50, 50), (51, 80), (900, 1000)])
def test_the_limit_of_a_difference_is_a_round_number(largest, limit):
    assert difference_limit(np.full((5, 5), -largest), np.ones((5, 5), bool)) == pytest.approx(limit)


def test_a_window_is_given_with_level_and_width():
    text = window_text(DisplayWindow("soft tissue", -160, 240), "HU")
    assert text == "Soft tissue −160 … 240 HU (L 40, W 400)"

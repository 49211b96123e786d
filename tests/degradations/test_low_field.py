import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.volume import Volume
from medtrans.degradations._relaxation import RELAXATION
from medtrans.degradations.low_field import LowField, signals
from tests.degradations.images import relative, smooth_head

GREY, WHITE, CSF = 3, 2, 24
HOW = {"contrast": "T1", "snr": 80.0, "bandwidth": 60.0, "compensation": 20.0, "seed": 1}


def tissues():
    """White matter, grey matter and CSF side by side, of one brightness, with their label map."""
    labels = np.repeat(np.array([WHITE, GREY, CSF]), 8)[None, :, None, None] * np.ones((1, 24, 12, 10), int)
    image = relative().like(np.ones((1, 16, 15, 14), np.float32))
    return Volume(np.full(labels.shape, 0.5, np.float32), image.affine), Volume(labels, image.affine)


@pytest.mark.parametrize(("tissue", "at_64_mt", "at_300_mt"), [("white matter", 289, 446), ("grey matter", 356, 604)])
def test_relaxation_follows_the_field_and_meets_the_tables(tissue, at_64_mt, at_300_mt):
    one = RELAXATION[tissue]
    assert one.times(3.0) == one.at_3
    assert one.times(0.05)[0] == pytest.approx(one.low)
    assert one.times(0.064)[0] == pytest.approx(at_64_mt, rel=0.02)
    assert one.times(0.3)[0] == pytest.approx(at_300_mt, rel=0.02)


@pytest.mark.parametrize(("tissue", "a", "b"), [("white matter", 0.00071, 0.382), ("grey matter", 0.00116, 0.376)])
def test_t1_at_low_field_agrees_with_the_power_law_of_rooney(tissue, a, b):
    for tesla in (0.2, 0.3, 0.5):
        assert RELAXATION[tissue].times(tesla)[0] == pytest.approx(1000 * a * (42.577e6 * tesla) ** b, rel=0.3)


def test_a_label_map_changes_the_contrast_by_tissue_and_keeps_white_matter():
    image, labels = tissues()
    after = LowField().apply(image, tesla=0.3, labels=labels, **{**HOW, "compensation": 1e4}).voxels
    high, low = signals("T1", 3.0), signals("T1", 0.3)
    white = low["white matter"] / high["white matter"]
    for tissue, place in (("white matter", 4), ("grey matter", 12), ("CSF", 20)):
        assert after[0, place].mean() == pytest.approx(0.5 * low[tissue] / high[tissue] / white, rel=1e-4)
    assert after[0, 4].mean() == pytest.approx(0.5)


def test_t2_is_kept_so_that_a_low_field_changes_contrast_by_t1_alone():
    for one in RELAXATION.values():
        assert one.times(0.064)[1] == one.times(0.3)[1] == one.at_3[1]
    high, low = signals("T2", 3.0), signals("T2", 0.3)
    change = low["grey matter"] / high["grey matter"] / (low["white matter"] / high["white matter"])
    assert change == pytest.approx(1, abs=0.02), "long repetition times hide T1, and T2 is the same"


def test_flair_nulls_csf_at_every_field():
    for tesla in (0.064, 0.3, 3.0):
        assert signals("FLAIR", tesla)["CSF"] == pytest.approx(0, abs=1e-6)


def test_the_snr_falls_with_the_field_and_with_the_bandwidth():
    image = smooth_head("low_field")
    image = image.like(np.where(image.voxels > 0, np.float32(0.5), 0))
    deviations = {}
    for tesla, bandwidth in ((0.064, 60.0), (0.1, 60.0), (0.064, 240.0)):
        after = LowField().apply(image, **{**HOW, "tesla": tesla, "bandwidth": bandwidth, "compensation": 20.0})
        deviations[tesla, bandwidth] = after.voxels[image.voxels > 0].std()
    expected = 0.5 / (80 * 20 * (0.064 / 3) ** 1.5 * (200 / 60) ** 0.5)
    assert deviations[0.064, 60.0] == pytest.approx(expected, rel=0.05)
    assert deviations[0.064, 60.0] / deviations[0.1, 60.0] == pytest.approx((0.1 / 0.064) ** 1.5, rel=0.05)
    assert deviations[0.064, 240.0] / deviations[0.064, 60.0] == pytest.approx(2, rel=0.08)


def test_a_label_map_of_another_grid_or_of_unknown_numbers_is_refused():
    image, labels = tissues()
    with pytest.raises(GridMismatch, match="before what changes the grid"):
        LowField().apply(image, tesla=0.3, labels=relative(), **HOW)
    with pytest.raises(InputRefused, match="holds the numbers"):
        LowField().apply(image, tesla=0.3, labels=labels.like(labels.voxels + 399), **HOW)

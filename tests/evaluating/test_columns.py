import math

import pytest

from medtrans.core.score import MetricId
from medtrans.evaluating.columns import columns, decimals, goodness, metric_label, paired, systems
from tests.evaluating.example_scores import MAE, PSNR, changed, scores


def test_columns_are_the_metrics_in_their_order_and_systems_begin_with_the_translation():
    first, second = columns(scores())
    assert (first.metric, first.label, first.unit, first.arrow) == (MAE, "MAE", "HU", "↓")
    assert (second.metric, second.arrow) == (PSNR, "↑")
    assert systems(scores(baselines=("b", "a"))[::-1])[0] == "translated"


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        (MetricId("ms_ssim"), "MS-SSIM"),
        (MetricId("dice", region="mean"), "Mean Dice"),
        (MetricId("missed_structures"), "Missed structures"),
        (MetricId("tissue_error", (("tissue", "bone"),)), "Tissue error[tissue=bone]"),
    ],
)
def test_a_heading_is_made_of_the_record(metric, label):
    assert metric_label(metric) == label


def test_goodness_is_larger_for_better_values_and_least_for_nan():
    assert goodness(2.0, "higher") > goodness(1.0, "higher") > goodness(math.nan, "higher")
    assert goodness(1.0, "lower") > goodness(2.0, "lower") > goodness(math.nan, "lower")


def test_numbers_have_three_or_four_digits():
    assert [decimals([value]) for value in (0.5, 2.0, 45.0, 1234.0)] == [3, 2, 2, 1]
    assert decimals([math.nan, 0.0]) == decimals([])


def test_pairs_are_of_cases_that_both_have():
    found = changed(scores(("a", "b")), "a", "copied source", MAE, math.nan)
    assert paired(found, "copied source", MAE) == [(41.0, 141.0)]

import math
from dataclasses import replace

import pytest

from medtrans.core.score import MetricId, Score
from medtrans.evaluating.columns import columns, decimals
from medtrans.reporting.score_tables import groups, interval, overview, values_by_system, worst_to_best
from medtrans.reporting.table_cells import Cell
from tests.reporting.report_volumes import MAE, PSNR, scores, with_value


def test_columns_have_unit_and_direction():
    mae, psnr = columns(scores())
    assert (mae.label, mae.unit, mae.arrow) == ("MAE", "HU", "↓")
    assert (psnr.label, psnr.unit, psnr.arrow) == ("PSNR", "dB", "↑")
    assert columns([Score("a", "a", "translated", MetricId("ms_ssim"), 0.9, "", "higher")])[0].label == "MS-SSIM"


@pytest.mark.parametrize(
    ("value", "digits"),
    [(1234.0, 1), (123.4, 1), (41.23, 2), (5.97, 2), (0.91, 3), (0.0123, 4), (0.0, 1), (math.nan, 1)],
)
def test_numbers_have_three_or_four_digits(value, digits):
    assert decimals([value]) == digits


def test_the_overview_has_the_translation_first_and_the_best_mean_bold():
    own, baseline = overview(scores())
    assert (own.system, own.own, baseline.own) == ("translated", True, False)
    assert own.cells[0].text == "40.50 ±\u00a00.71"
    assert own.cells[0].small == ("median 40.50", "n 2")
    assert [cell.best for cell in own.cells] == [True, True]
    assert [cell.best for cell in baseline.cells] == [False, False]
    assert baseline.cells[0].small[2] == "won 2 of 2"


def test_nan_and_inf_are_counted_not_averaged():
    found = with_value(scores(), "sub-01", "translated", MAE, math.nan, "the mask is empty")
    found = with_value(found, "sub-02", "translated", PSNR, math.inf)
    own, baseline = overview(found)
    assert own.cells[0].small[1].endswith("n 1, nan 1, inf 0")
    assert own.cells[1].small[1].endswith("n 1, nan 0, inf 1")
    assert own.cells[0].text == "41.0"
    assert baseline.cells[0].small[2] == "won 1 of 1"


def test_cases_are_sorted_worst_first():
    assert [group.case for group in groups(scores(("a", "b", "c")))] == ["c", "b", "a"]
    found = [s for s in scores(("a", "b", "c")) if s.metric == PSNR]
    assert [group.case for group in groups(found)] == ["c", "b", "a"]


def test_a_case_without_a_value_stands_first_with_its_reason():
    found = with_value(scores(("a", "b", "c")), "a", "translated", MAE, math.nan, "the mask is empty")
    group = groups(found)[0]
    assert group.case == "a"
    assert group.lines[0].cells[0].text == "nan"
    assert group.lines[0].notes == ("MAE: the mask is empty",)
    assert not group.lines[0].cells[0].best


def test_a_note_shared_by_all_metrics_appears_once():
    found = [replace(s, note="a doubt") for s in scores(("a",))]
    assert groups(found)[0].lines[0].notes == ("a doubt",)


def test_the_best_of_a_case_is_bold_only_where_there_is_a_choice():
    assert [cell.best for cell in groups(scores(("a",)))[0].lines[0].cells] == [True, True]
    assert [cell.best for cell in groups(scores(("a",), ()))[0].lines[0].cells] == [False, False]
    assert not overview(scores(("a",), ()))[0].cells[0].best


def test_equal_best_values_are_all_bold():
    found = with_value(scores(("a",)), "a", "copied source", MAE, 40.0)
    assert [line.cells[0].best for line in groups(found)[0].lines] == [True, True]


def test_a_missing_score_has_an_empty_cell():
    found = [s for s in scores() if (s.case, s.system, s.metric) != ("sub-01", "copied source", PSNR)]
    group = next(group for group in groups(found) if group.case == "sub-01")
    assert group.lines[1].cells[1] is None


def test_every_value_is_listed_by_metric_and_system():
    assert values_by_system(scores())[MAE] == {"translated": [40.0, 41.0], "copied source": [140.0, 141.0]}


@pytest.mark.parametrize(("count", "chosen"), [(0, ""), (1, "e"), (2, "ea"), (3, "eca"), (9, "edcba")])
def test_the_worst_the_median_and_the_best_are_picked(count, chosen):
    assert worst_to_best(scores("abcde"), count) == list(chosen)
    assert worst_to_best([], count) == []


def test_the_interval_of_the_mean_is_over_subjects():
    found = scores("abcd")
    assert overview(found)[0].cells[0].small[0].startswith("95 % 39.45 … 43.55"), "t interval: 41.5 ± 3.182 · 1.291 / 2"
    alone = interval([replace(score, subject="same") for score in found], "translated", MAE)
    assert math.isnan(alone.low)
    some = interval(with_value(found, "a", "translated", MAE, math.nan), "translated", MAE)
    assert some.value == 42
    assert (some.low, some.high) == (pytest.approx(39.516, abs=1e-3), pytest.approx(44.484, abs=1e-3))


def test_cells_are_sorted_by_the_printed_value():
    assert overview(scores())[0].cells[0].value == 40.5
    assert groups(scores(("a",)))[0].lines[1].cells[0].value == 140
    keys = [Cell("", value=value).sort_key for value in (1.5, math.inf, math.nan)]
    assert keys == ["1.5", "Infinity", ""]

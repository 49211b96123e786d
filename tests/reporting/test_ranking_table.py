import math
from dataclasses import replace

import pytest

from medtrans.core.score import MetricId
from medtrans.evaluating.statistics.ranking import SystemRank
from medtrans.reporting.ranking_table import Ranking, ranking_table
from tests.reporting.report_volumes import MAE, PSNR

NAN = math.nan
RUNS = {"one", "other"}
FIRST = SystemRank(
    system="one", n=4, mean=60.0, low=55.0, high=66.0, rank=1, rank_low=1.0, rank_high=2.0, mean_rank=1.25,
    difference=0.0, difference_low=NAN, difference_high=NAN, p=NAN, effect=NAN, equivalence_p=NAN,
)  # fmt: skip
SECOND = replace(
    FIRST, system="other", rank=2, difference=-4.0, difference_low=-6.0, difference_high=2.0, p=0.0312, effect=-0.5
)
BASELINE = replace(
    FIRST, system="baseline: copied source", difference=50.0, difference_low=40.0, difference_high=60.0, p=0.0001
)


def table(*systems, metric=MAE, direction="lower", margin=None):
    return ranking_table(Ranking(metric, direction, systems, margin), RUNS)


def test_numbers_are_formatted():
    first, second, baseline = table(FIRST, SECOND, BASELINE).rows
    assert table(FIRST).direction == "↓ lower is better"
    assert (first.mean, first.interval, first.rank, first.rank_interval) == ("60.00", "55.00 … 66.00", "1", "1 … 2")
    assert (first.difference, first.p, first.effect) == ("reference", "", "")
    assert (second.difference, second.difference_interval) == ("−4.00", "−6.00 … +2.00")
    assert (second.p, second.effect, second.equivalence_p, baseline.p) == (".031", "−0.50", "–", "(< .001)"), (
        "a baseline is not in the family"
    )


def test_differences_are_bar_on_one_scale_that_fits_the_runs():
    ranking = table(FIRST, SECOND, BASELINE, margin=3.0)
    bar = ranking.rows[1].bar
    assert 0 < bar.low < bar.at < ranking.zero < bar.high < 100
    share = (ranking.band[1] - ranking.band[0]) / (bar.high - bar.low)
    assert share == pytest.approx(6 / 8, abs=0.01)
    assert (ranking.rows[2].bar, ranking.rows[2].outside, ranking.rows[0].bar) == (None, "→", None)


def test_a_missing_number_is_a_dash_and_its_interval_empty():
    lone = replace(SECOND, mean=NAN, low=NAN, difference=NAN, difference_low=NAN, p=NAN)
    nmi = MetricId("nmi", (("bins", "32"),))
    row = table(FIRST, lone, metric=nmi).rows[1]
    cells = (row.mean, row.interval, row.difference, row.difference_interval, row.p, row.bar)
    assert cells == ("–", "", "–", "", "–", None)
    assert table(FIRST, metric=nmi).label == "NMI[bins=32]"
    assert table(replace(FIRST, mean=math.inf), metric=PSNR, direction="higher").rows[0].mean == "∞"

import math
import warnings

import numpy as np
import pytest

from medtrans.evaluating.statistics import intervals
from medtrans.evaluating.statistics.intervals import COVERAGE_NOTE, bootstrapped
from medtrans.evaluating.statistics.paired import hodges_lehmann


def test_it_holds_the_mean_of_a_skewed_distribution_about_as_often_as_it_says(monkeypatch):
    """200 samples of 25 from an exponential distribution: 95 % asked, between 88 and 98 % accepted."""
    monkeypatch.setattr(intervals, "RESAMPLES", 500)
    rng = np.random.default_rng(0)
    found = [bootstrapped(rng.exponential(size=25), np.mean, seed) for seed in range(200)]
    assert 0.88 <= np.mean([line.low <= 1 <= line.high for line in found]) <= 0.98
    above, below = sum(line.high - line.value for line in found), sum(line.value - line.low for line in found)
    assert above > 1.15 * below, "skewed as the sample is"


def test_at_least_5000_resamples_are_drawn():
    assert intervals.RESAMPLES >= 5000


def test_a_jackknife_without_spread_gets_the_interval_of_the_percentiles():
    """The median of these stays the same whichever one is left out, so that no acceleration can be found."""
    values = np.array([0.0, 5, 5, 5, 5, 5, 9])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bootstrapped(values, np.median)
    assert found.value == 5
    assert 0 <= found.low <= 5 <= found.high <= 9


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 2.0, math.nan], [1.0, 2.0, math.inf]])
def test_too_few_and_not_finite_get_none(values):
    assert math.isnan(bootstrapped(np.array(values), np.mean).low)


def test_all_the_same_are_sure():
    found = bootstrapped(np.full(5, 3.0), hodges_lehmann)
    assert (found.low, found.value, found.high) == (3, 3, 3)


def test_memory_is_kept_small_and_does_not_change_the_interval(monkeypatch):
    values = np.random.default_rng(0).normal(size=12)
    whole = bootstrapped(values, hodges_lehmann, size=78)
    monkeypatch.setattr(intervals, "MAX_NUMBERS", 78 * 1000)
    assert bootstrapped(values, hodges_lehmann, size=78) == whole


def test_intervals_of_three_are_as_short_as_is_said():
    data = (np.random.default_rng(seed).normal(size=3) for seed in range(100))
    found = [bootstrapped(values, np.mean) for values in data]
    assert "72 % at n = 3" in COVERAGE_NOTE
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.72, abs=0.13)

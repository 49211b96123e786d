import math
import warnings

import numpy as np
import pytest

from medtrans.evaluating.statistics import intervals
from medtrans.evaluating.statistics.intervals import COVERAGE_NOTE, bootstrapped, mean_interval


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


@pytest.mark.parametrize("n", [5, 50])
def test_all_the_same_are_sure(n):
    found = mean_interval(np.full(n, 3.0))
    assert (found.low, found.value, found.high) == (3, 3, 3)


def test_memory_is_kept_small_and_does_not_change_the_interval(monkeypatch):
    values = np.random.default_rng(0).normal(size=12)
    whole = bootstrapped(values, np.mean)
    monkeypatch.setattr(intervals, "MAX_NUMBERS", 12 * 1000)
    assert bootstrapped(values, np.mean) == whole


def coverage(draw, n, draws=4000):
    """Fraction of intervals of the mean of `n` subjects that hold the true mean, by the same t as mean_interval."""
    values = draw(np.random.default_rng(n), (draws, n))
    found = [mean_interval(row) for row in values]
    return np.mean([one.low <= 0 <= one.high for one in found])


def normal(rng, size):
    return rng.normal(size=size)


def skewed(rng, size):
    return rng.exponential(size=size) - 1


@pytest.mark.parametrize("n", [3, 5, 8, 20, 39])
def test_below_40_subjects_95_percent_are_95_percent_of_normal_data(n):
    """0.0035 is the standard error of a fraction of 4,000: bounds of four of them."""
    assert coverage(normal, n) == pytest.approx(0.95, abs=0.014)


@pytest.mark.parametrize(("n", "said"), [(5, 0.88), (10, 0.90), (20, 0.92)])
def test_of_skewed_data_they_are_as_short_as_is_said(n, said):
    assert coverage(skewed, n) == pytest.approx(said, abs=0.02)
    assert f"{100 * said:.0f} % at {'n = 5' if n == 5 else n}" in COVERAGE_NOTE


def test_from_40_subjects_the_bootstrap_covers_what_it_should(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 400)
    assert coverage(normal, 40, draws=250) == pytest.approx(0.945, abs=0.04)


def test_the_textbook_interval_of_student():
    """Mean 5, standard deviation √10, n = 5: half width 2.776 √2."""
    found = mean_interval(np.array([1.0, 3, 5, 7, 9]))
    assert found.high - 5 == pytest.approx(2.776445 * math.sqrt(2), rel=1e-6)
    assert math.isnan(mean_interval(np.array([1.0, 2.0])).low)

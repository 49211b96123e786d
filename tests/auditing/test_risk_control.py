"""Risk control on toys whose risk is known exactly, and the interval of one more patient."""

import math

import numpy as np
import pytest
from scipy import stats

from medtrans.auditing.risk_control import enough_patients, is_controlled, ranked_interval, smallest_factor

FACTORS = np.geomspace(0.5, 10, 100)
SCALES = np.exp(0.2 * stats.norm.ppf((np.arange(2000) + 0.5) / 2000))
"""Of the errors of all possible patients, in parts of the uncertainty."""


def losses(scales):
    """The share of a patient's normal errors outside, for each factor."""
    return 2 * stats.norm.sf(FACTORS / np.reshape(scales, (-1, 1)))


def test_the_risk_is_above_alpha_in_at_most_a_tenth_of_all_calibrations():
    """150 calibrations of 40 patients; the risk of the chosen factor is known exactly."""
    rng, risk = np.random.default_rng(0), losses(SCALES).mean(axis=0)
    found = []
    for _ in range(150):
        factor = smallest_factor(losses(np.exp(0.2 * rng.standard_normal(40))), FACTORS)
        found.append(risk[np.searchsorted(FACTORS, factor)])
    assert stats.binomtest(int(np.sum(np.array(found) > 0.1)), 150, 0.1, alternative="greater").pvalue > 0.05
    assert np.mean(found) == pytest.approx(0.04, abs=0.02)  # And intervals are not wide without need.


def test_the_bound_is_not_empty_words():
    """Patients at a risk of exactly alpha, all or nothing, are accepted in at most a tenth, and those below often."""
    rng = np.random.default_rng(1)
    risks = (0.1, 0.01)
    shares = {
        risk: np.mean([is_controlled((rng.random(60) < risk).astype(float)) for _ in range(400)]) for risk in risks
    }
    assert shares[0.1] < 0.13
    assert shares[0.01] > 0.7


def test_25_patients_are_the_fewest():
    assert enough_patients() == 25
    assert math.isinf(smallest_factor(np.zeros((24, 3)), np.array([1.0, 2, 3])))
    assert smallest_factor(np.zeros((25, 3)), np.array([1.0, 2, 3])) == 1


def test_one_more_value_lies_in_the_interval_nine_times_in_ten():
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        low, high = ranked_interval(rng.lognormal(size=39))
        inside += low <= rng.lognormal() <= high
    interval = stats.binomtest(inside, 400).proportion_ci(0.99)
    assert interval.low <= 0.9 <= interval.high
    assert ranked_interval(np.arange(18)) == (-math.inf, math.inf)
    assert ranked_interval(np.arange(19)) == (0, 18)

import math

import numpy as np
import pytest
from scipy import stats

from medtrans.core.errors import InputRefused
from medtrans.evaluating.statistics.agreement import bland_altman, concordance, icc

# Peak flow by two meters, litres a minute: Bland and Altman, Lancet 1986, table 1, first measurements.
WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427])
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451])
# Six targets, four judges: Shrout and Fleiss, Psychol Bull 1979, table 2.
JUDGED = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def test_bland_and_altmans_own_example():
    """Bias -2.1 (-22.0 to 17.8), SD 38.8; limits of -79.7 and 75.5, drawn in the paper at 2 SD."""
    found = bland_altman(WRIGHT, MINI)
    assert (found.n, round(found.sd, 1), round(found.bias.value, 1)) == (17, 38.8, -2.1)
    assert (found.bias.low, found.bias.high) == pytest.approx((-22.0, 17.8), abs=0.06)
    scaled = [found.bias.value + 2 / stats.norm.ppf(0.975) * (end.value - found.bias.value) for end in
              (found.lower, found.upper)]  # fmt: skip
    assert scaled == pytest.approx([-79.7, 75.5], abs=0.1)


def test_the_interval_of_a_limit_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [bland_altman(rng.normal(size=20), np.zeros(20)).upper for _ in range(500)]
    assert 0.92 < np.mean([end.low <= stats.norm.ppf(0.975) <= end.high for end in found]) < 0.98


def test_shrout_and_fleiss_own_example():
    """ICC(2,1) = .29; its interval, .019 to .761, as R's psych and Python's pingouin print it."""
    found = icc(JUDGED)
    assert found.value == pytest.approx(0.29, abs=0.0005)
    assert (found.low, found.high) == pytest.approx((0.019, 0.761), abs=0.0005)


def test_icc_is_the_share_of_variance_that_subjects_have():
    """Subjects with variance 4, raters 1, error 1: 4 / 6; the interval holds it as often as it says."""
    rng, found = np.random.default_rng(1), []
    for _ in range(200):
        rated = rng.normal(0, 2, (30, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 1, (30, 8))
        found.append(icc(rated))
    assert np.mean([line.value for line in found]) == pytest.approx(4 / 6, abs=0.03)
    assert 0.90 < np.mean([line.low <= 4 / 6 <= line.high for line in found]) < 0.99


def test_concordance_by_hand_and_as_correlation_times_bias():
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 3, 4, 5])
    assert concordance(x, y).value == pytest.approx(2 * 1.25 / (1.25 + 1.25 + 1))
    r = np.corrcoef(WRIGHT, MINI)[0, 1]
    v, u = WRIGHT.std() / MINI.std(), (WRIGHT.mean() - MINI.mean()) / np.sqrt(WRIGHT.std() * MINI.std())
    assert concordance(WRIGHT, MINI).value == pytest.approx(r * 2 / (v + 1 / v + u**2))


def test_its_interval_holds_the_truth_about_as_often_as_it_says():
    rng, true, held = np.random.default_rng(2), 1.6 / (1 + 0.64 + 0.25 + 0.09), []
    for _ in range(400):
        x = rng.normal(size=40)
        found = concordance(x, 0.8 * x + rng.normal(0, 0.5, 40) + 0.3)
        held.append(found.low <= true <= found.high)
    assert 0.90 < np.mean(held) < 0.98


def test_what_correlates_perfectly_need_not_agree():
    x = np.arange(10.0)
    assert concordance(x, 2 * x + 5).value < 0.5
    assert icc(np.stack([x, 2 * x + 5], axis=1)).value < 0.5


def test_the_same_twice_agrees_and_nothing_at_all_says_nothing():
    x = np.arange(5.0)
    assert concordance(x, x).low == pytest.approx(1)
    assert icc(np.stack([x, x], axis=1)).low == pytest.approx(1)
    assert math.isnan(concordance(np.ones(5), np.ones(5)).value)
    assert math.isnan(icc(np.ones((5, 2))).value)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InputRefused, match="at least three subjects"):
        bland_altman(np.arange(2.0), np.arange(2.0))
    with pytest.raises(InputRefused, match="1 of 4 subjects lack a finite value"):
        concordance(np.array([1, 2, 3, math.nan]), np.arange(4.0))

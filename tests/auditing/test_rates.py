import math

import pytest
from scipy import stats

from medtrans.auditing.rates import enough_without, percent, rate


@pytest.mark.parametrize(("n", "bound"), [(30, "9.5 %"), (60, "4.9 %"), (100, "3.0 %"), (300, "1.0 %")])
def test_none_of_n_has_the_upper_bound_of_the_protocol(n, bound):
    assert percent(rate(0, n).high) == bound
    assert rate(0, n).high == pytest.approx(1 - 0.05 ** (1 / n))
    assert rate(0, n).low == 0


@pytest.mark.parametrize(("k", "n"), [(1, 10), (3, 40), (7, 8), (19, 20)])
def test_bounds_are_those_at_which_the_tail_is_five_percent(k, n):
    found = rate(k, n)
    assert stats.binom.cdf(k, n, found.high) == pytest.approx(0.05)
    assert stats.binom.sf(k - 1, n, found.low) == pytest.approx(0.05)
    assert found.value == k / n


def test_the_upper_bound_covers_as_promised():
    covered = {k: rate(k, 25).high >= 0.2 for k in range(26)}
    assert sum(stats.binom.pmf(k, 25, 0.2) for k, holds in covered.items() if holds) >= 0.95


def test_of_none_nothing_is_known():
    assert math.isnan(rate(0, 0).high)
    assert rate(0, 0).text == "0 of 0"


def test_the_smallest_number_that_is_enough():
    for margin in (0.05, 0.1, 0.2):
        n = enough_without(margin)
        assert rate(0, n).high <= margin < rate(0, n - 1).high

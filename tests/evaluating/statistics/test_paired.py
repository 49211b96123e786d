import math
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from scipy import stats

from medtrans.evaluating.statistics.paired import (
    difference,
    equivalence,
    hodges_lehmann,
    needed_subjects,
    rank_biserial,
    signed_rank,
)

# Nine patients' depression before and after: Hollander and Wolfe, Nonparametric Statistical Methods, table 3.1.
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


def test_the_difference_of_a_textbook():
    """-.46 in the book, p = .039 two-sided."""
    assert hodges_lehmann(AFTER - BEFORE) == pytest.approx(-0.46, abs=0.005)
    assert signed_rank(AFTER - BEFORE) == pytest.approx(0.0390625)


def test_it_is_the_median_of_all_means_of_two():
    d = np.random.default_rng(0).normal(size=9)
    assert hodges_lehmann(d) == pytest.approx(np.median([(a + b) / 2 for a, b in combinations_with_replacement(d, 2)]))
    table = np.random.default_rng(1).normal(size=(4, 9))
    assert np.array_equal(hodges_lehmann(table), [hodges_lehmann(row) for row in table])


def test_its_interval_holds_it_and_moves_with_it():
    d = np.random.default_rng(2).exponential(size=20)
    one, moved = difference(d), difference(d + 7)
    assert one.low < one.value < one.high
    assert moved.low == pytest.approx(one.low + 7)
    assert moved.high == pytest.approx(one.high + 7)


def test_the_interval_of_a_textbook():
    """Hollander and Wolfe, example 3.3: -.786 to -.010 with a confidence of 96 %, of 9 patients."""
    found = difference(AFTER - BEFORE)
    assert (found.low, found.high) == (pytest.approx(-0.786, abs=0.005), pytest.approx(-0.010, abs=0.005))


@pytest.mark.parametrize("n", [6, 9, 14, 30, 60])
def test_the_interval_excludes_0_just_where_the_test_finds_a_difference(n):
    for seed in range(40):
        d = np.random.default_rng(seed).normal(2 / math.sqrt(n), 1, n)
        found = difference(d)
        assert (not found.low <= 0 <= found.high) == (signed_rank(d) < 0.05) or abs(signed_rank(d) - 0.05) < 0.002


@pytest.mark.parametrize(("n", "low"), [(3, 0.925), (5, 0.93), (6, 0.935), (10, 0.935), (20, 0.93)])
def test_its_interval_covers_the_difference_of_normal_and_of_skewed_data(n, low):
    """1,500 draws; that of a skewed distribution is estimated from 200,000 pairs."""
    rng = np.random.default_rng(n)
    pairs = rng.exponential(size=(2, 200_000))
    for true, values in ((0, rng.normal(size=(1500, n))), (np.median(pairs.mean(0)), rng.exponential(size=(1500, n)))):
        found = [difference(row) for row in values]
        skewed_and_few = true and n < 6
        assert np.mean([one.low <= true <= one.high for one in found]) >= (0.88 if skewed_and_few else low)


@pytest.mark.parametrize(("tests", "n"), [(1, 6), (2, 7), (12, 9), (44, 11)])
def test_a_family_of_tests_needs_so_many_subjects(tests, n):
    assert needed_subjects(tests) == n
    assert tests * 2 / 2**n < 0.05 <= tests * 2 / 2 ** (n - 1) or n == 6


def test_p_is_that_of_all_ways_to_choose_signs():
    d = np.array([3.1, -1.2, 4.4, 0.7, 2.9, -0.3, 5.0])
    ranks = stats.rankdata(np.abs(d))
    own = abs((ranks * np.sign(d)).sum())
    sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=7)]
    assert signed_rank(d) == pytest.approx(np.mean([s >= own for s in sums]))


def test_five_subjects_get_no_test_for_it_could_say_nothing():
    assert math.isnan(signed_rank(np.arange(1.0, 6)))
    assert signed_rank(np.arange(1.0, 7)) == pytest.approx(2 / 2**6)


def test_the_effect_by_hand():
    """Ranks 1 to 4, the second negative: (1 - 2 + 3 + 4) / 10."""
    assert rank_biserial(np.array([1.0, -2.0, 3.0, 4.0])) == pytest.approx(0.6)
    assert rank_biserial(np.array([0.0, -2.0, -3.0, -4.0])) == -1
    assert math.isnan(rank_biserial(np.zeros(8)))


def test_equivalent_is_whose_90_percent_interval_lies_within_the_margin():
    d = np.random.default_rng(3).normal(0.3, 1, 30)
    low, high = stats.t.interval(0.9, 29, d.mean(), stats.sem(d))
    edge = max(abs(low), abs(high))
    assert equivalence(d, edge) == pytest.approx(0.05)
    assert equivalence(d, 1.01 * edge) < 0.05 < equivalence(d, 0.99 * edge)
    one_sided = [stats.ttest_1samp(d, end, alternative=side).pvalue for end, side in ((-1, "greater"), (1, "less"))]
    assert equivalence(d, 1.0) == pytest.approx(max(one_sided))


def test_it_rarely_calls_equivalent_what_is_just_not():
    """A true difference at the margin: at most 5 % of 400 tests, give or take."""
    rng = np.random.default_rng(4)
    found = [equivalence(rng.normal(1, 1, 20), 1.0) < 0.05 for _ in range(400)]
    assert 0.01 < np.mean(found) < 0.09


def test_one_missing_value_leaves_nothing_to_say():
    d = np.array([1.0, 2, 3, 4, 5, 6, math.nan])
    assert all(
        math.isnan(value) for value in (signed_rank(d), rank_biserial(d), equivalence(d, 1), difference(d).value)
    )

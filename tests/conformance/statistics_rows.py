"""Statistics over subjects."""

import math
from itertools import combinations_with_replacement, product

import numpy as np
from scipy import stats

from medtrans.evaluating.statistics.agreement import bland_altman, icc
from medtrans.evaluating.statistics.intervals import mean_interval
from medtrans.evaluating.statistics.paired import equivalence, hodges_lehmann, rank_biserial, signed_rank
from medtrans.evaluating.statistics.ranking import holm_corrected
from tests.conformance.rows import row
from tests.evaluating.statistics.test_agreement import JUDGED, MINI, WRIGHT


def samples(n, count=20):
    for seed in range(count):
        yield np.random.default_rng(seed).normal(0.4, 1, n)


@row("Wilcoxon's p", "all ways to choose signs", within=1e-12)
def _():
    for d in samples(8):
        ranks = stats.rankdata(np.abs(d))
        own = abs((ranks * np.sign(d)).sum())
        sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(d))]
        yield signed_rank(d), np.mean([one >= own - 1e-9 for one in sums])


@row("Hodges-Lehmann difference", "the median of all means of two", within=1e-12)
def _():
    for d in samples(15):
        yield hodges_lehmann(d), np.median([(a + b) / 2 for a, b in combinations_with_replacement(d, 2)])


@row("Rank-biserial correlation", "sums of signed ranks", within=1e-12)
def _():
    for d in samples(15):
        order = sorted(d, key=abs)
        signed = [math.copysign(place, value) for place, value in enumerate(order, 1)]
        yield rank_biserial(d), sum(signed) / (15 * 16 / 2)


@row("p of equivalence (TOST)", "scipy.stats.ttest_1samp, twice", within=1e-12)
def _():
    for d in samples(20):
        sides = ((-1, "greater"), (1, "less"))
        yield equivalence(d, 1.0), max(stats.ttest_1samp(d, end, alternative=side).pvalue for end, side in sides)


@row("Interval of a mean (ends, n < 40)", "scipy.stats.t.interval", within=1e-9)
def _():
    for n in (3, 8, 20, 39):
        for d in samples(n, 5):
            low, high = stats.t.interval(0.95, n - 1, d.mean(), stats.sem(d))
            found = mean_interval(d)
            yield from ((found.low, low), (found.high, high))


@row("Holm's p", "statsmodels, multipletests", within=1e-12, requires="statsmodels")
def _():
    from statsmodels.stats.multitest import multipletests

    for seed in range(10):
        ps = np.random.default_rng(seed).uniform(0, 0.2, 12)
        yield from zip(holm_corrected(list(ps)), multipletests(ps, method="holm")[1], strict=True)


@row("Holm's p", "by its definition: the largest (m - j + 1) p of all that are no larger", within=1e-12)
def _():
    for seed in range(10):
        ps = np.random.default_rng(seed).uniform(0, 0.2, 12)
        for ours, p in zip(holm_corrected(list(ps)), ps, strict=True):
            yield ours, min(1, max((12 - np.sum(ps < other)) * other for other in ps if other <= p))


@row("Bias and SD of Bland and Altman", "their example, Lancet 1986, printed to .1", within=0.05)
def _():
    found = bland_altman(WRIGHT, MINI)
    yield from ((found.bias.value, -2.1), (found.sd, 38.8))


@row("ICC(2,1)", "the example of Shrout and Fleiss 1979, printed to .01", within=0.005)
def _():
    yield icc(JUDGED).value, 0.29

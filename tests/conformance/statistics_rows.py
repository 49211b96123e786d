"""Statistics over subjects."""

import math
from itertools import combinations_with_replacement, product

import numpy as np
from scipy import stats

from medtrans.core.score import MetricId, Score
from medtrans.evaluating.statistics.agreement import bland_altman, concordance, icc
from medtrans.evaluating.statistics.intervals import mean_interval
from medtrans.evaluating.statistics.paired import (
    difference,
    equivalence,
    hodges_lehmann,
    needed_subjects,
    rank_biserial,
    signed_rank,
)
from medtrans.evaluating.statistics.ranking import holm_corrected, rank_systems
from medtrans.evaluating.statistics.summary import summarise
from tests.conformance.rows import row
from tests.evaluating.statistics.test_agreement import JUDGED, MINI, WRIGHT


def samples(n, count=20):
    for seed in range(count):
        yield np.random.default_rng(seed).normal(0.4, 1, n)


@row("Mean, SD, median over subjects", "numpy, of the means of each subject", within=1e-12)
def _():
    for seed in range(5):
        values = np.random.default_rng(seed).normal(50, 20, (7, 2))
        cases = [(f"{person}-{visit}", f"{person}", value) for (person, visit), value in np.ndenumerate(values)]
        scores = [Score(*whose, "translated", MetricId("mae"), value, "HU", "lower") for *whose, value in cases]
        (found,), means = summarise(scores), values.mean(1)
        yield from ((found.mean, means.mean()), (found.sd, means.std(ddof=1)), (found.median, np.median(means)))


@row("Wilcoxon's p", "all ways to choose signs", within=1e-12)
def _():
    for d in samples(8):
        ranks = stats.rankdata(np.abs(d))
        own = abs((ranks * np.sign(d)).sum())
        sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(d))]
        yield signed_rank(d), np.mean([one >= own - 1e-9 for one in sums])


@row("Wilcoxon's p with ties", "all ways to choose signs of the differences that are not 0", within=1e-12)
def _():
    for d in samples(10):
        rounded = np.round(2 * d) / 2
        d = rounded[rounded != 0]
        ranks = stats.rankdata(np.abs(d))
        own = abs((ranks * np.sign(d)).sum())
        sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(d))]
        yield signed_rank(rounded), np.mean([one >= own - 1e-9 for one in sums])


@row(
    "Interval of the Hodges-Lehmann difference (ends)",
    "all shifts that the test, counted out, does not reject",
    within=1e-9,
)
def _():
    for d in samples(8):
        found = difference(d)
        means = sorted((a + b) / 2 for a, b in combinations_with_replacement(d, 2))
        kept = [mean for mean in means if not rejected(d - mean - 1e-9) or not rejected(d - mean + 1e-9)]
        yield from ((found.low, kept[0]), (found.high, kept[-1]))


def rejected(d):
    """Whether the signed-rank test of these differences has p <= .05, by all ways to choose signs."""
    ranks = stats.rankdata(np.abs(d))
    own = abs((ranks * np.sign(d)).sum())
    sums = [abs((ranks * signs).sum()) for signs in product((-1, 1), repeat=len(d))]
    return np.mean([one >= own - 1e-9 for one in sums]) <= 0.05


@row("Subjects that a family of tests needs", "a search for the smallest p that passes Holm", within=0)
def _():
    for tests in (1, 2, 3, 6, 12, 40):
        yield needed_subjects(tests), next(n for n in range(6, 99) if tests * 2 / 2**n < 0.05)


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


@row("Interval of a mean (ends in standard errors, n ≥ 40)", "Efron's BCa with 100,000 resamples", within=0.06)
def _():
    for seed in range(4):
        x = np.random.default_rng(seed).gamma(2.0, size=50)
        means = np.random.default_rng(100 + seed).choice(x, (100_000, len(x))).mean(1)
        bias = stats.norm.ppf(np.mean(means < x.mean()))
        jackknife = np.array([np.delete(x, n).mean() for n in range(len(x))])
        d = jackknife.mean() - jackknife
        acceleration = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
        several = [mean_interval(x, start) for start in range(10)]
        low, high = np.mean([(one.low, one.high) for one in several], axis=0)
        for ours, z in ((low, -1.959964), (high, 1.959964)):
            level = stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
            yield ours / stats.sem(x), np.quantile(means, level) / stats.sem(x)


@row("Coverage of the interval of a mean, n = 3 to 39", "95 % of 20,000 draws of normal data", within=0.005)
def _():
    for n in (3, 5, 10, 20, 39):
        draws = np.random.default_rng(n).normal(size=(20_000, n))
        # The interval of each draw has the width of that of its deviation.
        unit = mean_interval((draws[0] - draws[0].mean()) / draws[0].std(ddof=1))
        half = unit.high * draws.std(1, ddof=1)
        yield np.mean(np.abs(draws.mean(1)) <= half), 0.95


@row("Ends of the interval of a rank", "all 3,125 ways to draw five of five subjects", within=0)
def _():
    for seed in range(6):
        table = np.random.default_rng(seed).normal([[0.0], [0.5], [1.5]], 1, (3, 5))
        ranks = stats.rankdata(table, axis=0)
        drawn = [ranks[:, list(chosen)].mean(1).round(9) for chosen in product(range(5), repeat=5)]
        ends = np.quantile(stats.rankdata(drawn, axis=1, method="min"), (0.025, 0.975), axis=0, method="inverted_cdf")
        found = rank_systems({str(n): dict(enumerate(line)) for n, line in enumerate(table.tolist())}, "lower")
        for one in found:
            yield from zip((one.rank_low, one.rank_high), ends[:, int(one.system)], strict=True)


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


@row("Coverage of the interval of a limit of agreement, n = 10 to 40", "95 % of 20,000 draws", within=0.025)
def _():
    for n in (10, 20, 40):
        draws = np.random.default_rng(n).normal(size=(20_000, n))
        # The interval of each draw is that of the first, moved and stretched to its mean and its deviation.
        unit = bland_altman((draws[0] - draws[0].mean()) / draws[0].std(ddof=1), np.zeros(n))
        means, sds = draws.mean(1), draws.std(1, ddof=1)
        for limit, true in ((unit.lower, -1.959964), (unit.upper, 1.959964)):
            yield np.mean((means + limit.low * sds <= true) & (true <= means + limit.high * sds)), 0.95


@row("ICC(2,1)", "the example of Shrout and Fleiss 1979, printed to .01", within=0.005)
def _():
    yield icc(JUDGED).value, 0.29


@row("ICC(2,1)", "mean squares of a least-squares fit of subjects and raters", within=1e-9)
def _():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(9, 1)) + 0.4 * rng.normal(size=(1, 3)) + 0.6 * rng.normal(size=(9, 3))
        subject, rater = (axis.ravel() for axis in np.indices(x.shape))
        left = [residual(x.ravel(), factors) for factors in ((), (subject,), (rater,), (subject, rater))]
        error = left[3] / 16
        subjects, raters = (left[0] - left[1]) / 8, (left[0] - left[2]) / 2
        yield icc(x).value, (subjects - error) / (subjects + 2 * error + 3 * (raters - error) / 9)


def residual(values, factors):
    """Sum of squares that a mean and one level for each value of each factor leave."""
    columns = [np.ones(len(values)), *(1.0 * (factor == level) for factor in factors for level in np.unique(factor))]
    design = np.stack(columns, 1)
    return ((values - design @ np.linalg.lstsq(design, values)[0]) ** 2).sum()


@row("Lin's concordance", "squared differences of all pairs of subjects", within=1e-9)
def _():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=12)
        y = x + 0.3 + 0.5 * rng.normal(size=12)
        yield concordance(x, y).value, 1 - np.mean((x - y) ** 2) / np.mean((x[:, None] - y) ** 2)


@row("Coverage of the intervals of ICC(2,1) and Lin's concordance, n = 40", "95 % of 2,000 draws", within=0.02)
def _():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(2000):
        x = rng.normal(size=40)
        # Two raters of one mean and one deviation, whose true ICC and concordance are both 1 / 1.25.
        ratings = x[:, None] + 0.5 * rng.normal(size=(40, 2))
        inside.append([one.low <= 0.8 <= one.high for one in (icc(ratings), concordance(*ratings.T))])
    yield from ((share, 0.95) for share in np.mean(inside, axis=0))

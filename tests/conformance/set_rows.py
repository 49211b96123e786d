"""Distances between sets of images, and measures of uncertainty."""

import math
from itertools import combinations

import numpy as np
from scipy import stats
from scipy.linalg import sqrtm

from medtrans.metrics.distribution.frechet import Frechet
from medtrans.metrics.distribution.kid import KID
from medtrans.metrics.distribution.mmd import MMD
from medtrans.metrics.distribution.precision import Precision
from medtrans.metrics.distribution.recall import Recall
from medtrans.metrics.uncertainty.calibration import Calibration
from medtrans.metrics.uncertainty.coverage_error import coverage, interval_width
from tests.conformance.rows import row
from tests.metrics.distribution.test_kid import read_aloud
from tests.metrics.uncertainty.posterior import perfect


def sets(count=8, generated=30, real=40, dimension=5):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        mixing = rng.normal(size=(dimension, dimension))
        yield rng.normal(0.3, 1.4, (generated, dimension)) @ mixing, rng.normal(size=(real, dimension)) @ mixing


@row("Fréchet distance", "the formula with scipy.linalg.sqrtm", within=1e-6)
def _():
    for made, real in sets():
        a, b = made / real.std(0), real / real.std(0)
        one, other = np.cov(a.T), np.cov(b.T)
        shift = ((a.mean(0) - b.mean(0)) ** 2).sum()
        yield Frechet()(made, real), shift + np.trace(one + other - 2 * sqrtm(one @ other).real)


@row("KID", "the formula, pair by pair", within=1e-9, relative=True)
def _():
    for made, real in sets(generated=6, real=9):
        yield KID()(made, real), read_aloud(made, real)


@row("MMD", "the formula, pair by pair", within=1e-9)
def _():
    for made, real in sets(generated=8, real=9):
        both = np.concatenate([made, real])
        both = (both - both.mean(0)) / both.std(0)
        apart = [[math.dist(a, b) for b in both] for a in both]
        middle = np.median([apart[i][j] for i in range(17) for j in range(i)])
        k = [[math.exp(-(d**2) / (2 * middle**2)) for d in line] for line in apart]
        among = np.mean([k[i][j] for i in range(8) for j in range(8) if i != j])
        others = np.mean([k[i][j] for i in range(8, 17) for j in range(8, 17) if i != j])
        yield MMD()(made, real), among + others - 2 * np.mean([k[i][j] for i in range(8) for j in range(8, 17)])


@row("p of MMD (999 permutations)", "all 126 ways to divide nine images into five and four", within=0.05)
def _():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        both = np.concatenate([rng.normal(0.8, 1, (5, 3)), rng.normal(size=(4, 3))])
        divided = [[*chosen, *(set(range(9)) - set(chosen))] for chosen in combinations(range(9), 5)]
        all_values = [MMD()(both[order[:5]], both[order[5:]]) for order in divided]
        yield MMD().p_value(both[:5], both[5:], rng), np.mean(np.array(all_values) >= all_values[0] - 1e-12)


def share_inside(images, others, k=3):
    radii = [sorted(math.dist(one, other) for other in others)[k] for one in others]
    return np.mean([any(math.dist(image, o) <= r for o, r in zip(others, radii, strict=True)) for image in images])


@row("Precision, recall", "a loop over images and their third neighbours", within=1e-12)
def _():
    for made, real in sets():
        a, b = made / real.std(0), real / real.std(0)
        yield Precision()(made, real), share_inside(a, b)
        yield Recall()(made, real), share_inside(b, a)


@row("Width of the 95 % interval of S samples", "scipy.stats.t, √(1 + 1/S)", within=1e-9)
def _():
    for samples in (2, 3, 4, 8, 16, 100):
        yield interval_width(samples), stats.t.ppf(0.975, samples - 1) * math.sqrt(1 + 1 / samples)


@row("Coverage of a perfect posterior", "95 %, for every number of samples", within=0.005)
def _():
    for samples in (2, 4, 8, 16, 64):
        yield coverage(*perfect(samples), samples), 0.95


@row("Calibration of a perfect posterior", "0, for every number of samples", within=0.03)
def _():
    for samples in (4, 8, 16, 64):
        yield Calibration()(*perfect(samples), samples), 0.0

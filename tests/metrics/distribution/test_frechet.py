import numpy as np
import pytest
from scipy.linalg import sqrtm

from medtrans.metrics.distribution.frechet import Frechet


def drawn(count, seed, dimension=6):
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).normal(size=(dimension, dimension))
    return rng.normal(size=(count, dimension)) @ mixing


def test_it_is_the_formula_with_a_matrix_root():
    made, real = 1.5 * drawn(200, 0) + 0.3, drawn(300, 1)
    a, b = made / real.std(0), real / real.std(0)
    one, other = np.cov(a.T), np.cov(b.T)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert Frechet()(made, real) == pytest.approx(expected, rel=1e-6)


def test_a_shift_costs_its_square_in_standard_deviations():
    real = drawn(400, 0)
    moved = real + 2 * real.std(0) * np.eye(6)[2]
    assert Frechet()(real, real) == pytest.approx(0, abs=1e-6)
    assert Frechet()(moved, real) == pytest.approx(4, abs=1e-6)


def test_few_images_get_a_remark_and_overrate_the_distance():
    few = Frechet()(drawn(59, 0), drawn(60, 1))
    assert Frechet().remark(drawn(59, 0), drawn(60, 1)) == "frechet: 59 images are too few for 6 features"
    assert Frechet().remark(drawn(60, 0), drawn(60, 1)) == ""
    assert few > 3 * Frechet()(drawn(2000, 0), drawn(2000, 1))

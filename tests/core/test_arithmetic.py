import numpy as np
import pytest

from medtrans.core import arithmetic
from medtrans.core.arithmetic import arctan2, exp, length, log, mean, power, sine_cosine, total, uniform, uniforms

TYPES = (np.float32, np.float64)


@pytest.mark.parametrize("kind", TYPES)
def test_exponential_and_logarithm_are_those_of_numpy(kind):
    x = np.linspace(-30, 30, 10001).astype(kind)
    few = 16 * float(np.finfo(kind).eps)
    assert exp(x).dtype == log(exp(x)).dtype == kind
    assert exp(x) == pytest.approx(np.exp(x), rel=few)
    assert log(np.exp(x)) == pytest.approx(np.log(np.exp(x)), rel=few, abs=few)
    assert float(exp(-5000.0)) < 1e-300
    assert float(exp(0.0)) == 1


@pytest.mark.parametrize("kind", TYPES)
def test_powers_are_those_of_numpy(kind):
    x = np.linspace(0, 9, 1001).astype(kind)
    for exponent in (-0.6, 0.7, 1.3):
        assert power(x[1:], exponent) == pytest.approx(x[1:] ** exponent, rel=1e-5)
    assert power(x, 0.7)[0] == 0


@pytest.mark.parametrize("kind", TYPES)
def test_sine_cosine_and_angle_are_those_of_numpy(kind):
    x = np.linspace(-50, 50, 10001).astype(kind)
    sine, cosine = sine_cosine(x)
    assert sine == pytest.approx(np.sin(x), abs=2e-5)
    assert cosine == pytest.approx(np.cos(x), abs=2e-5)
    assert arctan2(np.sin(x), np.cos(x)) == pytest.approx(np.arctan2(np.sin(x), np.cos(x)), abs=1e-6)
    assert float(arctan2(np.zeros(1), np.zeros(1))[0]) == 0


def test_length_is_the_euclidean_norm():
    assert length(np.array([3.0]), np.array([4.0]), np.array([12.0])).tolist() == [13.0]


def test_sums_and_means_do_not_depend_on_the_order():
    x = np.random.default_rng(0).random(100_000).astype(np.float32)
    assert total(x) == total(x[::-1]) == pytest.approx(x.sum(dtype=np.float64), rel=1e-9)
    assert mean(x) == pytest.approx(0.5, abs=0.01)


def test_uniform_numbers_lie_between_their_limits():
    rng = np.random.default_rng(0)
    numbers = np.array([uniform(rng, 2, 5) for _ in range(1000)])
    assert 2 <= numbers.min() < 2.1
    assert 4.9 < numbers.max() < 5
    assert np.all(np.abs(uniforms(rng, (-1, 10), (1, 12)) - (0, 11)) <= 1)


def test_everything_has_a_test():
    public = {name for name, of in vars(arithmetic).items() if callable(of) and of.__module__ == arithmetic.__name__}
    assert {name for name in public if not name.startswith("_")} <= set(globals())

import numpy as np
import pytest

from medtrans.degradations.gain import Gain
from tests.degradations.images import relative as phantom


def test_every_value_is_multiplied():
    assert Gain().apply(phantom(), factor=1.5).voxels == pytest.approx(1.5 * phantom().voxels)


def test_the_factor_is_bounded_by_the_strength():
    factors = [Gain(factor=(1 / 1.2, 1.2)).draw(np.random.default_rng(n))["factor"] for n in range(200)]
    assert 1 / 1.2 <= min(factors) < 0.9
    assert 1.1 < max(factors) <= 1.2

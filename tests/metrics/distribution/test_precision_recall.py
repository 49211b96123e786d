import numpy as np
import pytest

from medtrans.metrics.distribution.precision import Precision
from medtrans.metrics.distribution.recall import Recall


def two_places(count, share, seed):
    """Points around two places, so many of them at the second."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2)) + np.where(np.arange(count) < share * count, 50, 0)[:, None]


def test_what_left_out_a_place_is_precise_and_recalls_half():
    made, real = two_places(300, 0.0, 0), two_places(300, 0.5, 1)
    assert Precision()(made, real) > 0.9
    assert Recall()(made, real) == pytest.approx(0.5, abs=0.05)
    assert Recall()(real, made) > 0.9


def test_by_hand():
    real, made = np.array([[0.0], [1.0], [3.0]]), np.array([[-1.5], [2.0], [9.0]])
    # Radii of the real ones are 1, 1, 2: 2.0 lies within reach of 1.0 and 3.0, the others within no reach.
    assert Precision(neighbours=1)(made, real) == pytest.approx(1 / 3)
    # Radii of the made ones are 3.5, 3.5, 7: all real ones lie within.
    assert Recall(neighbours=1)(made, real) == 1.0

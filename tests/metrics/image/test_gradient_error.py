import numpy as np
import pytest

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.gradient_error import GradientError

EVERYWHERE = np.ones((3, 4, 5), bool)


def test_a_ramp_that_is_too_steep_errs_by_its_slope_per_mm_along_its_axis():
    ramp = np.broadcast_to(np.arange(4.0)[:, None], (3, 4, 5))
    pairs = np.array([2 * 4 * 5, 3 * 3 * 5, 3 * 4 * 4])
    found = GradientError()(10 * ramp, 4 * ramp, EVERYWHERE, (1.0, 2.0, 3.0))
    assert found == pytest.approx(6 / 2 * pairs[1] / pairs.sum())


def test_a_constant_costs_nothing():
    target = np.random.default_rng(0).normal(size=EVERYWHERE.shape)
    assert GradientError()(target + 9, target, EVERYWHERE) == pytest.approx(0, abs=1e-12)


def test_voxels_without_neighbours_are_refused():
    alone = np.zeros((3, 4, 5), bool)
    alone[1, 1, 1] = True
    with pytest.raises(EmptyMask, match="no two neighbouring voxels"):
        GradientError()(np.zeros(alone.shape), np.zeros(alone.shape), alone)

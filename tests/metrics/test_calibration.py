import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics.calibration import calibration_error, coverage

DICE = np.random.default_rng(0)
SPREAD = DICE.uniform(1, 20, 40000)
ERROR = SPREAD * DICE.normal(size=SPREAD.size)


def test_a_true_spread_is_calibrated_and_covers_95_per_cent():
    assert calibration_error(ERROR, SPREAD) < 0.03
    assert coverage(ERROR, SPREAD) == pytest.approx(0.95, abs=0.005)


def test_half_the_true_spread_is_wrong_by_itself_and_covers_less():
    assert calibration_error(ERROR, SPREAD / 2) == pytest.approx(1, abs=0.05)
    assert coverage(ERROR, SPREAD / 2) == pytest.approx(0.673, abs=0.01)


def test_a_spread_that_knows_nothing_is_calibrated_on_average_and_not_by_bins():
    shuffled = DICE.permutation(SPREAD)
    assert calibration_error(ERROR, shuffled) > 0.3


def test_by_hand():
    error, spread = np.array([3.0, -1, 8, 6]), np.array([2.0, 1, 10, 10])
    rmse, rmv = np.sqrt([5, 50]), np.sqrt([2.5, 100])
    assert calibration_error(error, spread, bins=2) == pytest.approx(np.mean(np.abs(rmv - rmse) / rmv))


def test_no_spread_too_few_voxels_and_values_below_zero_are_refused():
    with pytest.raises(InputRefused, match="the spread is 0 in 100% of the voxels"):
        calibration_error(ERROR, 0 * SPREAD)
    with pytest.raises(EmptyMask, match="holds 3 voxels, fewer than 10"):
        calibration_error(ERROR[:3], SPREAD[:3])
    with pytest.raises(InputRefused, match="falls to -"):
        coverage(ERROR, -SPREAD)

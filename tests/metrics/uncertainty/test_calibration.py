import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics.uncertainty.calibration import Calibration
from tests.metrics.uncertainty.posterior import perfect

RNG = np.random.default_rng(0)
DEVIATION = RNG.uniform(1, 20, 40000)
ERROR = DEVIATION * RNG.normal(size=DEVIATION.size)


def test_half_the_true_deviation_is_wrong_by_itself():
    assert Calibration()(ERROR, DEVIATION) < 0.03
    assert Calibration()(ERROR, DEVIATION / 2) == pytest.approx(1, abs=0.05)


def test_a_deviation_that_knows_nothing_is_calibrated_on_average_and_not_by_bins():
    shuffled = RNG.permutation(DEVIATION)
    assert Calibration()(ERROR, shuffled) > 0.3


def test_by_hand():
    error, deviation = np.array([3.0, -1, 8, 6]), np.array([2.0, 1, 10, 10])
    rmse, rmv = np.sqrt([5, 50]), np.sqrt([2.5, 100])
    assert Calibration(bins=2)(error, deviation) == pytest.approx(np.mean(np.abs(rmv - rmse) / rmv))


def test_no_deviation_and_fewer_voxels_than_bins_are_refused():
    with pytest.raises(InputRefused, match="the uncertainty is 0 in 100% of the voxels"):
        Calibration()(ERROR, 0 * DEVIATION)
    with pytest.raises(EmptyMask, match="holds 3 voxels, fewer than 10"):
        Calibration()(ERROR[:3], DEVIATION[:3])


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("samples", [4, 5, 8, 16, 64])
def test_a_perfect_posterior_is_calibrated_however_few_its_samples(samples, same):
    error, deviation = perfect(samples, same=same)
    assert Calibration()(error, deviation, samples) < 0.03
    assert Calibration()(error, deviation / 2, samples) == pytest.approx(1, abs=0.06)
    if samples <= 8:
        assert Calibration()(error, deviation) > 0.2, "sorted and tested by the same samples"


def test_a_deviation_of_samples_that_knows_nothing_is_found():
    error, deviation = perfect(16)
    assert Calibration()(error, RNG.permutation(deviation), 16) > 0.2


@pytest.mark.parametrize("samples", [2, 3])
def test_two_or_three_samples_are_refused(samples):
    with pytest.raises(InputRefused, match=f"{samples} samples do not show which voxels are uncertain"):
        Calibration()(*perfect(samples, 1000), samples)

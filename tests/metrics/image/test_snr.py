import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics.image.snr import SNR
from tests.metrics.image import damaged

EVERYWHERE = np.ones(damaged.SHAPE, bool)


def test_twice_the_noise_and_half_the_noise_are_six_decibels_off():
    target = 500 + 20 * damaged.NOISE
    for factor in (2, 0.5):
        other = target + (factor - 1) * 20 * damaged.NOISE
        assert SNR(low=0)(other, target, EVERYWHERE) == pytest.approx(20 * np.log10(2), abs=0.01)


def test_signal_is_counted_from_the_value_of_no_signal():
    target = 500 + 20 * damaged.NOISE
    assert SNR(low=-1000)(target + 1500, target, EVERYWHERE) == pytest.approx(20 * np.log10(2), abs=0.01)
    with pytest.raises(InputRefused, match="translated has a mean of"):
        SNR(low=0)(-target, target, EVERYWHERE)

import numpy as np
import pytest

from medtrans.metrics.image._noise import noise
from tests.metrics.image import damaged

EVERYWHERE = np.ones(damaged.SHAPE, bool)


@pytest.mark.parametrize("sigma", [5.0, 40.0])
def test_white_noise_is_found_whatever_the_image_shows(sigma):
    ramp = 10 * damaged.I + 4 * damaged.J + np.where(damaged.I > 12, 900, 0)
    assert noise(ramp + sigma * damaged.NOISE, EVERYWHERE, "snr", "target") == pytest.approx(sigma, rel=0.03)

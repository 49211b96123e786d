import numpy as np
import pytest
from scipy.ndimage import shift

from medtrans.metrics.image._noise import correlated_noise, noise
from tests.metrics.image import damaged

EVERYWHERE = np.ones(damaged.SHAPE, bool)


@pytest.mark.parametrize("sigma", [5.0, 40.0])
def test_white_noise_is_found_whatever_the_image_shows(sigma):
    ramp = 10 * damaged.I + 4 * damaged.J + np.where(damaged.I > 12, 900, 0)
    assert noise(ramp + sigma * damaged.NOISE, EVERYWHERE, "snr", "target") == pytest.approx(sigma, rel=0.03)


def test_noise_of_resampled_images_is_named_and_that_of_others_is_not():
    assert not correlated_noise(500 + 20 * damaged.NOISE, EVERYWHERE, "target")
    for offset in (0.3, 0.5):
        between = shift(500 + 20 * damaged.NOISE, (offset, offset, 0), order=1, mode="nearest")
        found = correlated_noise(between, EVERYWHERE, "target")
        assert found.startswith("neighbouring voxels of the target are alike")

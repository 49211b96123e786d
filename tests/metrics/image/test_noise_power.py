import numpy as np
import pytest
from scipy.ndimage import convolve1d

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.noise_power import NoisePower, spectrum

MM = 0.8


def white(seed=0, shape=(40, 40, 40)):
    return 10 * np.random.default_rng(seed).normal(size=shape)


def smoothed(image):
    """By (1, 2, 1)/4 along i and j: the power times cos⁴(π f Δ) of each axis."""
    for axis in (0, 1):
        image = convolve1d(image, [0.25, 0.5, 0.25], axis=axis, mode="wrap")
    return image


def known(side=32):
    """Ring means of that, and their mean frequency, for squares of `side` voxels."""
    f = np.fft.fftfreq(side, MM)
    power = np.outer(np.cos(np.pi * f * MM) ** 4, np.cos(np.pi * f * MM) ** 4)
    waves = np.hypot(f[:, None], f)
    ring = np.round(waves * side * MM).astype(int)
    observed = (ring > 0) & (waves <= 0.5 / MM)
    return np.array([power[observed & (ring == n)].mean() for n in range(1, ring[observed].max() + 1)])


def test_white_noise_has_the_same_power_at_every_frequency():
    squares = white(shape=(200, 32, 32))
    waves, power = spectrum(squares, (MM, MM))
    assert waves[:2] == pytest.approx([1 / 32 / MM, 2 / 32 / MM])
    assert power == pytest.approx(np.full(len(power), 100 * MM**2), rel=0.1)
    assert power.mean() == pytest.approx(100 * MM**2, rel=0.02)


def test_filtered_noise_has_the_spectrum_of_its_filter():
    squares = np.moveaxis(smoothed(white(shape=(32, 32, 200))), 2, 0)
    _, power = spectrum(squares, (MM, MM))
    assert power == pytest.approx(100 * MM**2 * known(), rel=0.15)


def test_the_metric_is_the_shift_of_the_mean_frequency():
    target = white()
    waves = np.arange(1, len(known(16)) + 1) / 16 / MM
    expected = waves.mean() - waves @ known(16) / known(16).sum()
    found = NoisePower()(smoothed(target), target, np.ones(target.shape, bool), (MM, MM, 2.0))
    assert found == pytest.approx(expected, rel=0.1)


def test_a_ramp_is_no_noise_and_the_peak_is_where_the_ripple_is():
    i = np.arange(40)[:, None, None] * np.ones((1, 40, 4))
    everywhere = np.ones(i.shape, bool)
    ripples = [100 * i + 5 * np.sin(2 * np.pi * i * cycles / 16) for cycles in (3, 6)]
    assert NoisePower(of="peak")(*ripples, everywhere) == pytest.approx(3 / 16)


def test_a_mask_narrower_than_a_square_is_refused():
    thin = np.zeros((40, 40, 4), bool)
    thin[:12] = True
    with pytest.raises(EmptyMask, match="no square of 16 voxels"):
        NoisePower()(white(shape=thin.shape), white(shape=thin.shape), thin)

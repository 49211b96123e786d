import numpy as np
import pytest

from medtrans.degradations.low_dose import LowDose
from tests.degradations.ct_cylinder import cylinder, within

HOW = {"photons": 200_000.0, "kilovolts": 120, "electronic": 0.0, "seed": 2}


def noise(dose, slices=8, **how):
    volume = cylinder(slices=slices)
    after = LowDose().apply(volume, dose=dose, **{**HOW, **how}).voxels - volume.voxels
    return after, volume


def test_the_added_variance_is_that_of_the_missing_dose():
    deviations = {}
    for dose in (0.5, 0.25, 0.1):
        added, volume = noise(dose)
        deviations[dose] = added[within(volume, 0, 20)].std()
    for dose, deviation in deviations.items():
        expected = np.sqrt((1 / dose - 1) / (1 / 0.5 - 1))
        assert deviation / deviations[0.5] == pytest.approx(expected, rel=0.05)


def test_noise_has_no_mean_and_is_larger_where_less_light_arrives():
    added, volume = noise(0.2, slices=16)
    middle, edge = added[within(volume, 0, 15)], added[within(volume, 60, 75)]
    assert abs(middle.mean()) < 1.0
    assert middle.std() > 1.2 * edge.std()


def test_the_noise_has_less_power_at_low_frequencies_than_at_middle_ones():
    """As the ramp filter makes it; white noise on HU has equal power everywhere."""
    added, _ = noise(0.2, slices=16)
    middle = added[0, 28:68, 28:68] * np.hanning(40)[:, None, None] * np.hanning(40)[:, None]
    power = (np.abs(np.fft.fft2(middle, axes=(0, 1))) ** 2).mean(-1)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(40), np.fft.fftfreq(40), indexing="ij"))
    low, mid = (power[(frequency > begin) & (frequency < end)].mean() for begin, end in ((0.02, 0.06), (0.15, 0.3)))
    assert mid > 1.5 * low


def test_electronic_noise_adds_to_that_of_the_photons():
    plain, volume = noise(0.05)
    electronic, _ = noise(0.05, electronic=40.0)
    middle = within(volume, 0, 20)
    assert electronic[middle].std() > 1.05 * plain[middle].std()

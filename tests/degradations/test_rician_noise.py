import numpy as np
import pytest
from scipy import stats

from medtrans.core.volume import Volume
from medtrans.degradations.rician_noise import RicianNoise

SIDE = 64


def noisy(value, snr, coils=1):
    """Voxels of one value, with the noise that the body beside them (value 1) is given."""
    image = np.full((1, SIDE, SIDE, SIDE), value, np.float32)
    image[0, : SIDE // 2] = 1
    return RicianNoise().apply(Volume(image, np.eye(4)), snr=snr, coils=coils, seed=1).voxels[0, SIDE // 2 :]


def test_air_has_the_rayleigh_distribution():
    air = noisy(0.0, 20.0)
    assert air.mean() == pytest.approx(np.sqrt(np.pi / 2) / 20, rel=0.01)
    assert air.std() == pytest.approx(np.sqrt(2 - np.pi / 2) / 20, rel=0.01)


@pytest.mark.parametrize("snr", [3, 20])
def test_tissue_has_the_rician_distribution(snr):
    tissue = noisy(1.0, snr)
    expected = stats.rice(snr, scale=1 / snr)
    assert tissue.mean() == pytest.approx(expected.mean(), rel=0.005)
    assert tissue.std() == pytest.approx(expected.std(), rel=0.01)


def test_several_coils_have_the_noncentral_chi_distribution():
    squares = (noisy(1.0, 5.0, coils=8) * 5.0) ** 2
    expected = stats.ncx2(16, 25)
    assert squares.mean() == pytest.approx(expected.mean(), rel=0.01)
    assert squares.std() == pytest.approx(expected.std(), rel=0.02)

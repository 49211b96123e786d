import numpy as np
import pytest

from medtrans.degradations._attenuation import attenuation, polychromatic, spectrum, water, water_corrected


def test_water_at_70_kev_attenuates_by_the_known_coefficient():
    assert attenuation("water", 70.0) == pytest.approx(0.0193, abs=2e-4)  # 0.193 / cm
    assert water(80) > water(120) > water(140)


def test_the_spectrum_adds_up_to_one_and_ends_at_the_tube_voltage():
    energies, shares = spectrum(120)
    assert shares.sum() == pytest.approx(1)
    assert energies.max() == 120
    assert 55 < (energies * shares).sum() < 80


def test_the_beam_hardens_and_the_correction_undoes_it_for_water():
    lengths = np.array([1.0, 50.0, 200.0, 400.0])
    measured = polychromatic({"water": lengths}, 120)
    assert (np.diff(measured / lengths) < 0).all()
    assert water_corrected(measured, 120) == pytest.approx(lengths, rel=1e-3)

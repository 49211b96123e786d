import numpy as np
import pytest

from medtrans.metrics.image.electron_density import ElectronDensity

EVERYWHERE = np.ones((1, 1, 3), bool)


def test_errors_are_those_of_the_density_and_not_of_hu():
    target, translated = np.array([[[0, 100, 1950]]]), np.array([[[-100, 195, 2340]]])
    assert ElectronDensity()(translated, target, EVERYWHERE) == pytest.approx((0.1 + 0 + 0.2) / 3)


def test_the_table_can_be_ones_own():
    target, translated = np.array([[[0, 100, 1950]]]), np.array([[[-100, 195, 2340]]])
    own = ElectronDensity(hlut=((-1000.0, 0.0), (4000.0, 5.0)))
    assert own(translated, target, EVERYWHERE) == pytest.approx((100 + 95 + 390) / 3000)

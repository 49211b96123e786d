import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.filters import gaussian_filter, interpolate


@pytest.mark.parametrize(("border", "mode"), [("symmetric", "reflect"), ("wrap", "wrap")])
def test_the_gaussian_filter_is_that_of_scipy(border, mode):
    image = np.random.default_rng(0).random((11, 9, 5)).astype(np.float32)
    deviations = (1.3, 0, 0.45)
    ours = gaussian_filter(image, deviations, border=border)
    assert ours.dtype == np.float32
    assert ours == pytest.approx(ndimage.gaussian_filter(image, deviations, mode=mode), abs=1e-6)


def test_interpolation_is_linear_and_periodic():
    field = np.random.default_rng(0).random((7, 8, 6)).astype(np.float32)
    places = np.random.default_rng(1).uniform(-20, 20, (3, 500)).astype(np.float32)
    assert interpolate(field, list(places)) == pytest.approx(
        ndimage.map_coordinates(field, places, order=1, mode="grid-wrap"), abs=1e-5
    )

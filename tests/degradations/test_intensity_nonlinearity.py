import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.intensity_nonlinearity import IntensityNonlinearity


@pytest.mark.parametrize("slope", [-0.9, 0.9])
def test_air_middle_and_bright_end_stay_and_the_order_of_values_does(slope):
    x = np.linspace(-0.5, 1.5, 201, dtype=np.float32).reshape(1, -1, 1, 1)
    y = IntensityNonlinearity().apply(Volume(x, np.eye(4)), slope=slope).voxels.ravel()
    assert y[[0, 50, 100, 150, 200]] == pytest.approx([-0.5, 0, 0.5, 1, 1.5], abs=1e-6)
    assert (np.diff(y) > 0).all()
    assert (y[51] - y[50]) / 0.01 == pytest.approx(1 + slope, abs=0.02)

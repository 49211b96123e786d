import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.blur import Blur


def test_a_point_gets_the_full_width_at_half_maximum_in_millimetres():
    point = np.zeros((1, 41, 41, 1), np.float32)
    point[0, 20, 20] = 1
    after = Blur().apply(Volume(point, np.diag([1.0, 2.0, 1.0, 1.0])), millimetres=8.0).voxels[0, :, :, 0]
    half = after.max() / 2
    assert after[16, 20] == pytest.approx(half, rel=0.03)
    assert after[20, 18] == pytest.approx(half, rel=0.03)
    assert after.sum() == pytest.approx(1, abs=1e-4)


def test_nothing_is_blurred_by_nothing():
    image = np.random.default_rng(0).random((1, 8, 8, 8), np.float32)
    assert np.array_equal(Blur().apply(Volume(image, np.eye(4)), millimetres=0.0).voxels, image)

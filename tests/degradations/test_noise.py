import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.noise import Noise


def test_noise_is_as_strong_as_drawn_and_different_in_each_channel():
    noisy = Noise().apply(Volume(np.zeros((2, 64, 64, 1), np.float32), np.eye(4)), deviation=0.1, seed=3).voxels
    assert noisy.std() == pytest.approx(0.1, rel=0.05)
    assert noisy.mean() == pytest.approx(0, abs=0.005)
    assert not np.array_equal(noisy[0], noisy[1])

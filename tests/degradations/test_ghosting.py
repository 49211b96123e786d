import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.ghosting import Ghosting


def test_ghosts_lie_at_equal_distances_along_the_phase_axis():
    point = np.zeros((1, 64, 64, 1), np.float32)
    point[0, 30, 20] = 1
    after = Ghosting().apply(Volume(point, np.eye(4)), strength=0.8, ghosts=4, phase="back_front").voxels[0, ..., 0]
    assert np.sort(np.argsort(after[30])[-4:]).tolist() == [4, 20, 36, 52]
    assert after[30, 36] == pytest.approx(0.8 / 4, abs=0.02)
    assert np.delete(after, 30, 0).max() < 1e-6

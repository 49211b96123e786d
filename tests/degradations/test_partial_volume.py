import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.partial_volume import PartialVolume


def test_each_voxel_becomes_the_mean_of_a_cube_in_millimetres():
    image = np.random.default_rng(0).random((1, 9, 9, 9))
    after = PartialVolume().apply(Volume(image, np.diag([1.0, 1.0, 3.0, 1.0])), millimetres=3.0).voxels
    assert after[0, 4, 4, 4] == pytest.approx(image[0, 3:6, 3:6, 4].mean(), rel=1e-6)

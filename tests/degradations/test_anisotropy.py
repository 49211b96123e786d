import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.anisotropy import Anisotropy


def test_only_the_direction_across_the_slices_is_blurred():
    stripes = np.tile(np.array([0, 1], np.float32), 12)
    volume = Volume(np.broadcast_to(stripes, (1, 8, 24, 24)).copy(), np.eye(4))
    along = Anisotropy().apply(volume, millimetres=5.0, plane="axial").voxels
    across = Anisotropy().apply(volume, millimetres=5.0, plane="coronal").voxels
    assert along.std() < 0.1
    assert across == pytest.approx(volume.voxels, abs=1e-5)


def test_a_slope_within_the_image_is_kept():
    slope = np.arange(40, dtype=np.float32).reshape(1, 1, 1, 40)
    after = Anisotropy().apply(Volume(slope, np.eye(4)), millimetres=4.0, plane="axial").voxels
    assert after[..., 8:-8] == pytest.approx(slope[..., 8:-8], abs=0.02)

import numpy as np
import pytest

from medtrans.preparing.resampling import along_axes, parallel, turned
from tests.preparing.phantom_volumes import mr

CHANGES = {
    "finer, beyond both ends": ((0.4, 0.6, 0.7), (-2.3, 0.2, 1.4)),
    "coarser": ((2.1, 1.7, 3.0), (0.3, -1.0, 0.0)),
    "mixed": ((0.5, 2.5, 1.0), (-0.25, 0.75, -3.0)),
    "flipped": ((-1.0, 1.3, -0.8), (11.0, 0.0, 9.5)),
}


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("name", CHANGES)
def test_axis_by_axis_is_all_axes_at_once(name, order):
    steps, start = CHANGES[name]
    change = np.diag([*steps, 1.0])
    change[:3, 3] = start
    voxels = mr((12, 14, 10)).voxels[0].astype(np.float32)
    one, all_at_once = (how(voxels, change, (15, 13, 12), order, -7.0) for how in (along_axes, turned))
    assert one.dtype == all_at_once.dtype
    assert one == pytest.approx(all_at_once, abs=1e-6 * float(np.ptp(voxels)) if order else 0)


def test_a_small_angle_is_one():
    turn = np.eye(4)
    turn[0, 1] = 1e-5
    assert parallel(turn, (99, 99, 99))
    assert not parallel(turn, (101, 101, 101))
    assert not parallel(np.eye(4)[[1, 0, 2, 3]], (9, 9, 9))

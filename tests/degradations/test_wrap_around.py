import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.wrap_around import WrapAround


def test_what_lies_beyond_appears_on_the_other_side():
    row = np.arange(1, 11, dtype=np.float32).reshape(1, 1, 10, 1)
    after = WrapAround().apply(Volume(row, np.eye(4)), field_of_view=0.8, phase="back_front")
    assert after.voxels.ravel().tolist() == [2 + 10, 3, 4, 5, 6, 7, 8, 9 + 1]
    assert after.affine[:3, 3].tolist() == [0, 1, 0]


def test_the_sum_of_the_signal_is_kept():
    image = np.random.default_rng(0).random((2, 7, 9, 5)).astype(np.float32)
    after = WrapAround().apply(Volume(image, np.eye(4)), field_of_view=0.5, phase="left_right")
    assert after.voxels.sum() == pytest.approx(image.sum(), rel=1e-5)

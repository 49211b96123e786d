import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.gamma import Gamma


def test_air_and_the_bright_end_keep_their_values_and_signs_are_kept():
    values = np.float32([0, 0.25, 1, -0.25]).reshape(1, 4, 1, 1)
    changed = Gamma().apply(Volume(values, np.eye(4)), exponent=0.5).voxels
    assert changed.ravel() == pytest.approx([0, 0.5, 1, -0.5])

import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics.image.seam import Seam

LINE = np.array([0.0, 1, 2, 3, 10, 11, 12, 13])[:, None, None]
SMOOTH = np.arange(8.0)[:, None, None]
EVERYWHERE = np.ones(LINE.shape, bool)


def test_a_step_of_seven_among_steps_of_one_is_six_more_than_none():
    assert Seam(stride=4)(LINE, SMOOTH, EVERYWHERE) == pytest.approx(7 - 1)


def test_borders_are_looked_for_where_they_are_said_to_lie():
    elsewhere = Seam(stride=4, offset=1)(LINE, SMOOTH, EVERYWHERE)
    assert elsewhere == pytest.approx(1 - 1 / ((4 + 7) / 5))


def test_windows_wider_than_the_mask_are_refused():
    with pytest.raises(InputRefused, match="no border of windows every 32 voxels"):
        Seam()(LINE, SMOOTH, EVERYWHERE)

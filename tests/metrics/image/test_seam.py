import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.metric import CaseFacts
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
        Seam(stride=32)(LINE, SMOOTH, EVERYWHERE)


def test_the_borders_of_a_translation_are_those_of_its_windows():
    known = Seam().of_case(CaseFacts(((4,), (), ())))
    assert known(LINE, SMOOTH, EVERYWHERE, (1, 1, 1)) == pytest.approx(7 - 1)
    assert Seam(stride=4).of_case(CaseFacts(((3,), (), ())))(LINE, SMOOTH, EVERYWHERE, (1, 1, 1)) == pytest.approx(6)


@pytest.mark.parametrize(
    ("borders", "said"), [(None, "the windows of the translation are unknown"), (((), (), ()), "in one window")]
)
def test_without_windows_there_is_no_seam(borders, said):
    with pytest.raises(InputRefused, match=said):
        Seam().of_case(CaseFacts(borders))(LINE, SMOOTH, EVERYWHERE, (1, 1, 1))

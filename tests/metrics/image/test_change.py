import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import CaseFacts
from medtrans.metrics.image.change_error import ChangeError
from medtrans.metrics.image.false_change import FalseChange

MM = (1.0, 1.0, 1.0)
TARGET = np.zeros((4, 4, 4), np.float32)
MASK = np.ones(TARGET.shape, bool)
CHANGE = np.zeros(TARGET.shape, bool)
CHANGE[0] = True
"""A quarter of the voxels."""


def of_case(metric, translated, mask=MASK, change=CHANGE):
    return metric.of_case(CaseFacts(change=change))(translated, TARGET, mask, MM)


def image(inside, outside):
    return np.where(CHANGE, inside, outside).astype(np.float32)


def test_the_error_is_taken_where_visits_differ_or_where_they_do_not():
    wrong = image(inside=3, outside=-1)
    assert of_case(ChangeError(), wrong) == 3
    assert of_case(ChangeError(where="outside"), wrong) == 1


def test_voxels_outside_of_the_mask_count_on_neither_side():
    mask = MASK.copy()
    mask[:, :2] = False
    wrong = np.where(mask, image(3, 1), 999)
    assert (of_case(ChangeError(), wrong, mask), of_case(ChangeError(where="outside"), wrong, mask)) == (3, 1)


def test_false_change_is_the_share_of_unchanged_voxels_beyond_the_threshold():
    wrong = image(inside=1, outside=0)
    wrong[1, :2] = 0.3
    assert of_case(FalseChange(), wrong) == pytest.approx(100 * 8 / 48)
    assert of_case(FalseChange(threshold=0.4), wrong) == 0


@pytest.mark.parametrize("metric", [ChangeError(), ChangeError(where="outside"), FalseChange()])
def test_without_a_change_mask_there_is_a_reason_and_no_number(metric):
    with pytest.raises(InputRefused, match=r"no change mask.*reading\.change"):
        of_case(metric, TARGET, change=None)


def test_where_nothing_or_everything_changed_one_side_has_no_voxel():
    with pytest.raises(EmptyMask, match="nothing changed in the mask"):
        of_case(ChangeError(), TARGET, change=~MASK)
    with pytest.raises(EmptyMask, match="everything in the mask changed"):
        of_case(FalseChange(), TARGET, change=MASK)

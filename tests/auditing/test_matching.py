import numpy as np
import pytest

from medtrans.auditing.components import components
from medtrans.auditing.matching import dice, match
from tests.auditing.lesion_volumes import LARGE, MIDDLE, balls


def both(lesions, candidates):
    return match(*(components(mask, (2, 2, 2)) for mask in (lesions, candidates)))


def row(*ranges):
    mask = np.zeros((60, 6, 6), bool)
    for first, last in ranges:
        mask[first:last, 2:4, 2:4] = True
    return mask


@pytest.mark.parametrize(
    ("candidate", "iou"), [((0, 10), 1.0), ((5, 15), 1 / 3), ((9, 10), 0.1), ((9, 11), 1 / 11), ((20, 30), 0.0)]
)
def test_a_lesion_is_found_from_an_overlap_of_a_tenth_on(candidate, iou):
    found = both(row((0, 10)), row(candidate))
    assert found.iou[0, 0] == pytest.approx(iou)
    assert found.found(0) is (iou >= 0.1)
    assert found.found(0, 0.5) is (iou >= 0.5)


def test_a_piece_of_a_lesion_is_no_false_positive_and_another_place_is_one():
    found = both(row((0, 30)), row((0, 2), (20, 30), (40, 44)))
    assert found.found(0)
    assert found.candidates_of(0) == [0]
    assert found.false_positives == [1]


def test_one_candidate_may_be_two_lesions_and_two_candidates_one():
    assert [both(row((0, 5), (7, 12)), row((0, 12))).found(one) for one in (0, 1)] == [True, True]
    assert both(row((0, 12)), row((0, 5), (7, 12))).candidates_of(0) == [0, 1]


def test_nothing_matches_nothing():
    nothing, some = balls(), balls(LARGE, MIDDLE)
    assert both(nothing, some).false_positives == [0, 1]
    assert not both(some, nothing).found(0)
    assert both(nothing, nothing).false_positives == []


def test_dice_of_masks():
    assert dice(row((0, 10)), row((5, 15))) == pytest.approx(0.5)
    assert dice(row(), row()) == 0

import math

import pytest

from medtrans.auditing.case_audit import candidates_of, lesion_dice, lesions_of
from tests.auditing.lesion_volumes import LARGE, MIDDLE, SMALL, balls, read_case

OTHER = ((14, -14, 0), 9.0)


def statuses(case):
    return [lesion.status for lesion in lesions_of(case)]


def test_what_is_read_is_found_and_what_is_not_is_missed():
    case = read_case(balls(LARGE, MIDDLE), balls(LARGE), balls(LARGE, MIDDLE))
    first, second = lesions_of(case)
    assert (first.status, second.status) == ("found", "missed")
    assert first.sphere_mm == pytest.approx(14, rel=0.05)
    assert first.centre_mm == pytest.approx(LARGE[0], abs=1)
    assert (first.size, second.size) == ("> 10 mm", "5-10 mm")
    assert first.iou == first.dice == first.contrast_recovery == first.volume_ratio == 1
    assert second.dice == 0
    assert abs(second.contrast_recovery) < 0.2, "it is not in the translation"


def test_what_the_detector_misses_in_the_real_image_too_is_no_fault_of_the_translation():
    assert statuses(read_case(balls(LARGE), balls(), balls())) == ["not detectable"]
    assert statuses(read_case(balls(LARGE), balls(), None)) == ["missed"]


def test_what_only_the_translation_has_is_invented_and_what_the_real_image_has_too_is_not():
    assert statuses(read_case(balls(LARGE), balls(LARGE, OTHER), balls(LARGE))) == ["found", "invented"]
    both = balls(LARGE, OTHER)
    assert statuses(read_case(balls(LARGE), both, both)) == ["found", "also in the real image"]


def test_without_lesion_masks_the_reading_of_the_real_image_is_the_reference():
    case = read_case(None, balls(LARGE, OTHER), balls(LARGE, MIDDLE))
    assert statuses(case) == ["found", "missed", "invented"]
    assert [lesion.in_target for lesion in lesions_of(case)] == [True, True, False]


def test_without_anything_about_the_real_image_there_is_no_lesion_to_speak_of():
    case = read_case(None, balls(LARGE))
    assert lesions_of(case) == ()
    assert candidates_of(case) == {}


def test_the_source_shows_whether_a_lesion_could_have_been_known():
    case = read_case(balls(LARGE, MIDDLE), balls(), balls(LARGE, MIDDLE), balls(LARGE))
    assert [lesion.in_source for lesion in lesions_of(case)] == [True, False]


def test_lesion_dice_counts_what_is_missed_and_invented_as_zero():
    kept = read_case(balls(LARGE), balls(LARGE), balls(LARGE))
    assert lesion_dice(lesions_of(kept)) == 1
    wrong = read_case(balls(LARGE, MIDDLE), balls(LARGE, OTHER), balls(LARGE, MIDDLE))
    assert lesion_dice(lesions_of(wrong)) == pytest.approx(1 / 3)
    assert math.isnan(lesion_dice(lesions_of(read_case(balls(), balls(), balls()))))


def test_a_grown_lesion_has_its_volume_ratio():
    case = read_case(balls(MIDDLE), balls((MIDDLE[0], 12.0)), balls(MIDDLE))
    (lesion,) = lesions_of(case)
    assert lesion.volume_ratio == pytest.approx(balls((MIDDLE[0], 12.0)).sum() / balls(MIDDLE).sum())
    assert lesion.translated_diameter_mm > lesion.diameter_mm
    assert not lesion.strict


def test_candidates_hold_what_froc_needs():
    case = read_case(balls(LARGE, SMALL), balls(LARGE, OTHER), balls(LARGE, SMALL))
    found = candidates_of(case)
    assert len(found["translated"].found_volumes) == len(found["translated"].false_volumes) == 1
    assert len(found["target"].found_volumes) == 2

"""A pass needs a reference, a detector that is shown to find lesions, and enough patients; else: not assessable."""

from dataclasses import replace

import pytest

from medtrans.auditing.case_audit import candidates_of, lesion_dice, lesions_of
from medtrans.auditing.lesion_audit import PENDING
from medtrans.auditing.lesion_verdicts import case_verdict, detector_verdict, set_verdicts
from medtrans.core.lesion import CaseAudit
from tests.auditing.lesion_volumes import LARGE, MIDDLE, SMALL, balls, read_case

OTHER = ((14, -14, 0), 9.0)


def audited(truth, read, in_target=None, name="p1"):
    case = read_case(truth, read, in_target, name=name)
    lesions = lesions_of(case)
    return CaseAudit(
        case=name,
        subject=name,
        lesions=lesions,
        readings=candidates_of(case),
        lesion_dice=lesion_dice(lesions),
        verdict=PENDING,
    )


KEPT, NONE = balls(LARGE, MIDDLE), balls()
GOOD = audited(KEPT, KEPT, KEPT)
HEALTHY = audited(NONE, NONE, NONE)


def copies(case, count, name="q"):
    """The case of so many patients."""
    names = [f"{name}{number}" for number in range(count)]
    return [
        replace(
            case,
            case=one,
            subject=one,
            lesions=tuple(replace(lesion, case=one, subject=one) for lesion in case.lesions),
        )
        for one in names
    ]


def judged(cases, *, with_truth=True):
    detector = detector_verdict(cases, with_truth=with_truth)
    return {one.code: one for one in set_verdicts(cases, detector)}


ABLE = detector_verdict(copies(GOOD, 7), with_truth=True)


def test_a_detector_needs_fourteen_lesions_of_which_it_finds_all():
    assert ABLE.outcome == "pass"
    few = detector_verdict(copies(GOOD, 6), with_truth=True)
    assert few.outcome == "not assessable"
    assert "14 lesions" in few.reason


def test_a_detector_that_misses_the_lesions_of_real_images_fails():
    blind = audited(KEPT, NONE, NONE)
    assert detector_verdict(copies(blind, 5), with_truth=True).outcome == "fail"


@pytest.mark.parametrize(
    ("cases", "options", "words"),
    [
        (copies(GOOD, 20), {"with_truth": False}, "--lesions"),
        (copies(GOOD, 20), {"with_truth": True, "own_reference": True}, "masks that others drew"),
        (copies(audited(KEPT, KEPT), 20), {"with_truth": True}, "--target"),
        (copies(HEALTHY, 20), {"with_truth": True}, "no case has such a lesion"),
    ],
)
def test_a_detector_that_cannot_be_judged_says_what_would_be_enough(cases, options, words):
    found = detector_verdict(cases, **options)
    assert found.outcome == "not assessable"
    assert words in found.reason
    assert "would be enough" in found.reason


def test_the_case_passes_only_with_a_detector_that_is_shown_to_find_lesions():
    assert case_verdict(GOOD, ABLE).outcome == "pass"
    assert case_verdict(HEALTHY, ABLE).outcome == "pass"
    few = detector_verdict([GOOD], with_truth=True)
    assert case_verdict(GOOD, few).outcome == case_verdict(HEALTHY, few).outcome == "not assessable"


@pytest.mark.parametrize(
    ("truth", "read", "in_target", "outcome", "words"),
    [
        (KEPT, balls(LARGE), KEPT, "fail", "missed: 8.0 mm at (12, 12, 0) mm"),
        (KEPT, balls(LARGE, MIDDLE, OTHER), KEPT, "fail", "invented: "),
        (NONE, balls(OTHER), NONE, "fail", "invented: "),
        (KEPT, balls(LARGE), None, "fail", "the real image was not read"),
        (balls(LARGE, SMALL), balls(LARGE), balls(LARGE, SMALL), "not assessable", "below 5 mm"),
        (KEPT, balls(LARGE), balls(LARGE), "not assessable", "in the real image either"),
        (None, KEPT, None, "not assessable", "give --target or --lesions"),
    ],
)
def test_the_verdict_of_a_case_has_its_reason(truth, read, in_target, outcome, words):
    found = case_verdict(audited(truth, read, in_target), ABLE)
    assert found.outcome == outcome
    assert words in found.reason


def test_nothing_wrong_in_few_patients_is_not_assessable_and_in_29_a_pass():
    for code, case, others in (("removed", GOOD, []), ("invented-in-healthy", HEALTHY, copies(GOOD, 7, "lesion"))):
        few, enough = judged([*copies(case, 28), *others])[code], judged([*copies(case, 29), *others])[code]
        assert few.outcome == "not assessable"
        assert "29 patients" in few.reason
        assert enough.outcome == "pass"
        assert "95 % upper bound 9.8 %" in enough.reason


def test_one_removed_lesion_among_many_patients_fails():
    wrong = audited(KEPT, balls(LARGE), KEPT, "wrong")
    found = judged([*copies(GOOD, 60), wrong])
    assert found["removed"].outcome == "fail"
    assert "1 of 61 patients with lesions" in found["removed"].reason
    assert found["invented"].outcome == "pass"


def test_two_scans_of_a_patient_count_once():
    twice = [replace(GOOD, case=f"{name}{n}", subject=name) for name in map(str, range(15)) for n in range(2)]
    assert judged(twice)["removed"].numbers["n"] == 15


def test_without_patients_of_a_kind_the_verdict_says_so():
    assert "there are no patients without lesions" in judged(copies(GOOD, 30))["invented-in-healthy"].reason
    assert "there are no patients with lesions" in judged(copies(HEALTHY, 30))["removed"].reason

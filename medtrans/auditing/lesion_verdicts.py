"""Verdicts of a lesion audit: pass, fail, or not assessable with what would be enough.

A pass needs evidence of three kinds: what the real image shows (a reference), that the detector finds the lesions of
real images (the ceiling), and enough patients for an exact upper bound. Where one is missing, the verdict is
"not assessable". Lesions below 5 mm never decide: there two readings differ by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.auditing.case_audit import TARGET
from medtrans.auditing.lesion_summary import healthy, invented_patients, removed_patients
from medtrans.auditing.rates import Rate, enough_without, percent, rate
from medtrans.core.finding import Outcome, Verdict
from medtrans.core.lesion import CaseAudit, Lesion

DECIDING_MM = 5.0
"""Diameter of a ball of its volume from which a lesion decides a verdict."""
MIN_CEILING = 0.8
"""Sensitivity that a detector must be shown to have in real images."""
MARGIN = 0.1
"""Share of patients that a pass excludes, by the upper bound at 95 %."""
MAX_NAMED = 3


def detector_verdict(cases: Sequence[CaseAudit], *, with_truth: bool, own_reference: bool = False) -> Verdict:
    """Whether the detector finds the lesions of real images: the lower bound of its sensitivity.

    `own_reference` is whether the lesion masks are nothing but its reading of the real images.
    """
    question = f"Does the detector find lesions of {DECIDING_MM:g} mm and more in the real images?"
    enough = f"{enough_without(1 - MIN_CEILING)} lesions, all found in the real images, would be enough"
    seen = [
        bool(one.in_target)
        for case in cases
        for one in case.lesions
        if one.is_reference and one.in_target is not None and one.sphere_mm >= DECIDING_MM
    ]
    ceiling = rate(sum(seen), len(seen))
    numbers = {"found": ceiling.k, "lesions": ceiling.n, "low": ceiling.low}
    if not with_truth:
        reason = f"there are no lesion masks to compare it with; give --lesions: {enough}"
        return _verdict("detector", question, "not assessable", reason)
    if not any(TARGET in case.readings for case in cases):
        reason = f"the real images were not read; give --target, and with label maps those of the targets: {enough}"
        return _verdict("detector", question, "not assessable", reason)
    if own_reference:
        reason = f"the lesion masks are its own reading of the real images; give masks that others drew: {enough}"
        return _verdict("detector", question, "not assessable", reason)
    if not ceiling.n:
        return _verdict("detector", question, "not assessable", f"no case has such a lesion; {enough}")
    words = f"it finds {ceiling.k} of {ceiling.n} (95 % lower bound {percent(ceiling.low)})"
    if ceiling.low >= MIN_CEILING:
        return _verdict("detector", question, "pass", words, **numbers)
    if ceiling.high < MIN_CEILING:
        why = f"{words}, below {MIN_CEILING:.0%}: what it finds in a translation says little"
        return _verdict("detector", question, "fail", why, **numbers)
    return _verdict("detector", question, "not assessable", f"{words}; {enough}", **numbers)


def set_verdicts(cases: Sequence[CaseAudit], detector: Verdict) -> list[Verdict]:
    """The detector, then whether lesions are removed, and invented in all and in healthy cases."""
    assessed = [case for case in cases if case.readings]
    missed = [one for case in cases for one in case.having("missed", at_least_mm=DECIDING_MM)]
    invented = [one for case in cases for one in case.having("invented", at_least_mm=DECIDING_MM)]
    ending = f"of {DECIDING_MM:g} mm and more"
    return [
        detector,
        _shown("removed", f"Does the translation keep every lesion {ending}?", missed,
               removed_patients(cases, DECIDING_MM), detector, "patients with lesions"),
        _shown("invented", f"Does the translation invent no lesion {ending}?", invented,
               invented_patients(assessed, DECIDING_MM), detector, "patients"),
        _shown("invented-in-healthy", f"Does it invent none {ending} in patients without lesions?",
               [one for one in invented if one.case in {case.case for case in healthy(assessed)}],
               invented_patients(healthy(assessed), DECIDING_MM), detector, "patients without lesions"),
    ]  # fmt: skip


def case_verdict(case: CaseAudit, detector: Verdict) -> Verdict:
    """Whether this translation shows the lesions of the real image and no other."""
    outcome, reason = _of_case(case, detector)
    return _verdict("lesions", "Are the lesions those of the real image?", outcome, reason)


def _of_case(case: CaseAudit, detector: Verdict) -> tuple[Outcome, str]:
    if not case.readings:
        return "not assessable", "nothing is known of the real image; give --target or --lesions"
    wrong = [*case.having("missed", at_least_mm=DECIDING_MM), *case.having("invented", at_least_mm=DECIDING_MM)]
    if wrong:
        unread = TARGET not in case.readings and any(one.status == "missed" for one in wrong)
        doubt = "; the real image was not read, where the detector may miss it, too" if unread else ""
        return "fail", named(wrong) + doubt
    small = case.having("missed", "invented")
    if small:
        return "not assessable", f"{named(small)}; below {DECIDING_MM:g} mm two readings differ by chance"
    hidden = case.having("not detectable", at_least_mm=DECIDING_MM)
    if hidden:
        what = f"the detector does not find {len(hidden)} of {case.reference_count} lesions in the real image either"
        return "not assessable", f"{what}; a more sensitive detector would be enough"
    count = case.reference_count
    kept = f"all {count} lesions are found" if count > 1 else "its lesion is found" if count else "there are no lesions"
    if detector.outcome != "pass":
        return "not assessable", f"{kept}, none is invented; but it is not shown that the detector finds lesions"
    return "pass", f"{kept}, and none is invented; {detector.reason}"


def named(lesions: Sequence[Lesion]) -> str:
    """The largest lesions in words, with their places."""
    largest = sorted(lesions, key=lambda one: -one.volume_mm3)
    words = [f"{one.status}: {one.sphere_mm:.1f} mm at ({_place(one)}) mm" for one in largest[:MAX_NAMED]]
    more = len(largest) - MAX_NAMED
    return "; ".join(words) + (f"; and {more} more" if more > 0 else "")


def _place(lesion: Lesion) -> str:
    return ", ".join(f"{along:.0f}" for along in lesion.centre_mm)


def _shown(code: str, question: str, wrong: Sequence[Lesion], patients: Rate, detector: Verdict, whom: str) -> Verdict:
    numbers = {"lesions": len(wrong), "patients": patients.k, "n": patients.n, "high": patients.high}
    done = "removed" if code == "removed" else "invented"
    enough = f"{enough_without(MARGIN)} {whom} with none {done} would be enough for at most {MARGIN:.0%}"
    if not patients.n:
        return _verdict(code, question, "not assessable", f"there are no {whom} that could be assessed; {enough}")
    bound = f"(95 % upper bound {percent(patients.high)})"
    share, none = f"in {patients.k} of {patients.n} {whom} {bound}", f"none in {patients.n} {whom} {bound}"
    if wrong:
        count = f"{len(wrong)} lesion{'s' if len(wrong) > 1 else ''} "
        return _verdict(code, question, "fail", f"{count}{share}; {named(wrong)}", **numbers)
    if detector.outcome != "pass":
        why = f"{none}, but it is not shown that the detector finds lesions"
        return _verdict(code, question, "not assessable", why, **numbers)
    if patients.high > MARGIN:
        return _verdict(code, question, "not assessable", f"{none}; {enough}", **numbers)
    return _verdict(code, question, "pass", none, **numbers)


def _verdict(code: str, question: str, outcome: Outcome, reason: str, **numbers: float) -> Verdict:
    return Verdict(code=code, question=question, outcome=outcome, reason=reason, numbers=numbers)

"""Uncertainty of a run: do the intervals of its calibration hold in the test patients?

pass: of each part the lower end of the 95 % interval over patients is 1 - alpha and more; fail: of one the upper end is
below. Parts are tissues of the translation and of the real image, and lesions where their masks are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.auditing.calibrated import CALIBRATE, refuse_other_models
from medtrans.auditing.calibrating import case_rows, coverage_rows
from medtrans.auditing.error_ratios import CaseErrors
from medtrans.auditing.risk_control import ALPHA, DELTA, enough_patients
from medtrans.core.errors import ModelRefused
from medtrans.core.finding import Outcome, Verdict
from medtrans.models.calibration import CALIBRATION, Calibration
from medtrans.translating.ensemble import AnyTranslator

QUESTION = "Do the intervals of the uncertainty hold what they state?"


@dataclass(frozen=True, eq=False)
class HeldOutUncertainty:
    """The verdict, the calibration that the model folder holds, and what it says of the test patients."""

    verdict: Verdict
    calibration: Calibration | None = None
    cases: tuple[Mapping[str, Any], ...] = ()
    """A row for each: mean half width, expected and true MAE."""
    coverage: tuple[Mapping[str, Any], ...] = ()
    """Rows as in the calibration, of the test patients."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        known = self.calibration.to_dict() if self.calibration else None
        return {"calibration": known, "cases": list(self.cases), "coverage": list(self.coverage)}


def held_out_uncertainty(
    known: Calibration | None, translator: AnyTranslator, cases: Sequence[CaseErrors]
) -> HeldOutUncertainty:
    """`cases` are test cases with a target whose translations have an uncertainty that is not calibrated yet."""
    if why := _unusable(known, translator):
        return HeldOutUncertainty(_verdict("not assessable", why), known)
    assert known is not None
    if not cases:
        why = "no test case has an uncertainty and a target: set translating.uncertainty, and give targets"
        return HeldOutUncertainty(_verdict("not assessable", why), known)
    factors = np.array([tissue.factor for tissue in known.tissues.values()])
    rows = coverage_rows(cases, factors, known.alpha, known.delta)
    patients = len({case.subject for case in cases})
    return HeldOutUncertainty(
        _of_coverage(rows, 1 - known.alpha, patients), known, tuple(case_rows(known, cases)), tuple(rows)
    )


def _unusable(known: Calibration | None, translator: AnyTranslator) -> str:
    """Why nothing can be compared, and what would be enough; empty where it can."""
    enough = enough_patients(ALPHA, DELTA)
    if known is None:
        calibrate = f"{enough} patients that trained nothing would be enough ({CALIBRATE})"
        if translator.gives_uncertainty or any(one.method.gives_spread for one in translator.members):
            return f"the uncertainty is not calibrated: {calibrate}"
        return f"the model gives no uncertainty: set method.quantiles, samples or several models; then {calibrate}"
    try:
        refuse_other_models(known, translator, CALIBRATION)
    except ModelRefused as reason:
        return f"{reason.what}: {reason.advice}"
    return ""


def _of_coverage(rows: Sequence[Mapping[str, Any]], nominal: float, patients: int) -> Verdict:
    numbers = {"patients": patients, "parts": len(rows)}
    below = [row for row in rows if row["high"] < nominal]
    if below:
        worst = min(below, key=lambda row: row["coverage"])
        more = f"; {len(below)} of {len(rows)} parts are below" if len(below) > 1 else ""
        words = f"{worst['part']} of the {worst['of']}: {worst['coverage']:.1%} within, of {nominal:.0%}{more}"
        return _verdict("fail", words, **numbers)
    least = min(rows, key=lambda row: row["coverage"], default=None)
    if least is not None and all(row["low"] >= nominal for row in rows):
        return _verdict("pass", f"{least['coverage']:.1%} and more of each part, in {patients} patients", **numbers)
    why = (
        f"{patients} test patient{'s' if patients != 1 else ''} cannot show {nominal:.0%} of each part"
        + (f" (least: {least['part']} of the {least['of']}, {least['coverage']:.1%})" if least is not None else "")
        + f": {enough_patients(ALPHA, DELTA)} would be enough for a narrow interval"
    )
    return _verdict("not assessable", why, **numbers)


def _verdict(outcome: Outcome, reason: str, **numbers: float) -> Verdict:
    return Verdict(code="uncertainty-calibrated", question=QUESTION, outcome=outcome, reason=reason, numbers=numbers)

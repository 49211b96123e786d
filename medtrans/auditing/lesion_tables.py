"""Tables of a lesion audit: lesions and cases as CSV, the answers as text."""

from __future__ import annotations

import math
from typing import Any

from medtrans.auditing.rates import percent
from medtrans.core.lesion import CaseAudit, Lesion, LesionAudit
from medtrans.core.tables import text_table, to_csv

CASE_COLUMNS = ("case", "subject", "verdict", "reason", "lesions", "found", "missed", "not_detectable", "invented")
MORE_CASE_COLUMNS = ("lesion_dice", "false_positives_translated", "false_positives_target", "false_positives_source")


def lesions_csv(audit: LesionAudit) -> bytes:
    """A row for each lesion of the reference, and for each candidate that is none."""
    names = [*Lesion.__dataclass_fields__]
    place = names.index("centre_mm")
    columns = [*names[:place], "size", "x_mm", "y_mm", "z_mm", *names[place + 1 :]]
    return to_csv([_lesion_row(lesion) for case in audit.cases for lesion in case.lesions], columns)


def cases_csv(audit: LesionAudit) -> bytes:
    """A row for each case with its verdict, those that could not be assessed included."""
    rows = [case_row(case) for case in audit.cases]
    rows += [
        {"case": name, "verdict": "not assessable", "reason": finding.what} for name, finding in audit.failed.items()
    ]
    return to_csv(rows, [*CASE_COLUMNS, *MORE_CASE_COLUMNS])


def case_row(case: CaseAudit) -> dict[str, Any]:
    """Counts and verdict of a case."""
    counts = {status: len(case.having(status)) for status in ("found", "missed", "not detectable", "invented")}  # type: ignore[arg-type]
    return {
        "case": case.case,
        "subject": case.subject,
        "verdict": case.verdict.outcome,
        "reason": case.verdict.reason,
        "lesions": case.reference_count if case.readings else "",
        **{name.replace(" ", "_"): count for name, count in counts.items()},
        "lesion_dice": case.lesion_dice,
        **{f"false_positives_{image}": len(one.false_volumes) for image, one in case.readings.items()},
    }


def to_text(audit: LesionAudit) -> str:
    """Verdicts, lesions by size, controls, and the verdict of each case, for a terminal."""
    summary = audit.summary
    verdicts = [{"question": one.question, "verdict": one.outcome, "reason": one.reason} for one in audit.verdicts]
    cases = [{"case": one.case, "verdict": one.verdict.outcome, "reason": one.verdict.reason} for one in audit.cases]
    cases += [{"case": name, "verdict": "not assessable", "reason": one.what} for name, one in audit.failed.items()]
    parts = [
        f"Detector: {audit.detector}. Reference: {audit.reference}.",
        text_table(verdicts, left=("verdict", "reason")),
        "\n".join(sentences(summary)),
        text_table([{key: cell(value) for key, value in row.items()} for row in audit.sizes]),
        text_table([{key: cell(value) for key, value in row.items()} for row in audit.controls]),
        text_table(cases, left=("verdict", "reason")),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def sentences(summary: Any) -> list[str]:
    """The figures of the summary, one line each."""
    names = {"translated": "translation", "target": "real image (ceiling)", "source": "source"}
    lines = []
    for image, one in summary["sensitivity"].items():
        if one["n"]:
            ends = f"95 % bounds {percent(one['low'])} and {percent(one['high'])}"
            lines.append(f"Sensitivity in the {names[image]}: {one['k']} of {one['n']} lesions ({ends})")
    excess = summary["excess_false_positives_per_case"]
    if excess["n"]:
        lines.append(f"Excess false positives per case: {with_interval(excess)} over {excess['n']} patients")
    healthy = summary["healthy_cases_with_an_invented_lesion"]
    if healthy["n"]:
        bound = f"95 % upper bound {percent(healthy['high'])}"
        lines.append(f"Patients without lesions in whom one is invented: {healthy['k']} of {healthy['n']} ({bound})")
    for key, label in (
        ("lesion_dice", "Lesion-wise Dice"),
        ("contrast_recovery", "Contrast recovery (CNR)"),
        ("difference_ratio", "Contrast without noise, translation over real image"),
    ):
        if summary[key]["n"]:
            lines.append(f"{label}: {with_interval(summary[key])} over {summary[key]['n']} patients")
    ratio = summary["volume_ratio"]
    if ratio["n"]:
        ends = (
            "" if math.isnan(ratio["lower"]) else f", limits of agreement {ratio['lower']:.2f} and {ratio['upper']:.2f}"
        )
        lines.append(f"Volume, translation over real image: {ratio['bias']:.2f}{ends}")
    return lines


def with_interval(estimate: Any) -> str:
    """ "0.81 (95 % interval 0.74 to 0.88)"."""
    ends = estimate["low"], estimate["high"]
    words = "" if math.isnan(sum(ends)) else f" (95 % interval {ends[0]:.2f} to {ends[1]:.2f})"
    return f"{estimate['value']:.2f}{words}"


def cell(value: Any) -> str:
    """A count, a number with two places, or a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _lesion_row(lesion: Lesion) -> dict[str, Any]:
    x, y, z = lesion.centre_mm
    return {**lesion.to_dict(), "x_mm": x, "y_mm": y, "z_mm": z}

"""Lesions: verdicts of a lesion audit, its figures, the cases, and every lesion, whose row moves the viewer to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.core.lesion import Lesion, LesionAudit
from medtrans.evaluating.columns import number_text
from medtrans.reporting.charts.froc import froc_chart
from medtrans.reporting.report import Section

MAX_ROWS = 500
"""Lesions on the page; all are in lesions.csv."""
ORDER = ("missed", "invented", "not detectable", "found", "also in the real image")
STATES = {"missed": "bad", "invented": "bad", "found": "good"}
"""Status → class of the style sheet."""
HEADS = {
    "size": "Size, mm",
    "lesions": "Lesions",
    "found": "Found",
    "missed": "Missed",
    "not_detectable": "Not detectable",
    "invented": "Invented",
    "contrast_recovery_median": "CNR, ratio",
    "difference_ratio_median": "Difference, ratio",
    "volume_ratio_median": "Volume, ratio",
    "diameter_ratio_median": "Diameter, ratio",
    "system": "Control",
    "cases": "Cases",
}
"""Key of a row → heading."""


@dataclass(frozen=True)
class LesionRow:
    """One lesion; `number` is that of the article with the images of its case, 0 where it has none."""

    lesion: Lesion
    state: str
    cells: tuple[str, ...]
    number: int
    place: str
    """Centre in mm, as the viewer takes it."""
    text: str


@dataclass(frozen=True)
class Table:
    """Headings and rows of text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Lesions:
    """What the template prints."""

    audit: LesionAudit
    sentences: tuple[str, ...]
    sizes: Table
    controls: Table
    froc: str
    rows: tuple[LesionRow, ...]
    total: int


def lesions_section(audit: LesionAudit, sentences: Sequence[str], displayed: Sequence[str] = ()) -> Section:
    """`sentences` are the figures of the summary, `displayed` the cases with images, in their order on the page."""
    lesions = [lesion for case in audit.cases for lesion in case.lesions]
    lesions.sort(key=lambda one: (ORDER.index(one.status), -one.volume_mm3))
    numbers = {case: number for number, case in enumerate(displayed, start=1)}
    data = Lesions(
        audit=audit,
        sentences=tuple(sentences),
        sizes=_table(audit.sizes),
        controls=_table(audit.controls),
        froc=froc_chart(audit.froc) if audit.froc else "",
        rows=tuple(_row(lesion, numbers.get(lesion.case, 0)) for lesion in lesions[:MAX_ROWS]),
        total=len(lesions),
    )
    return Section("lesions", "Lesions", data)


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    names = list(rows[0]) if rows else []
    return Table(
        tuple(HEADS.get(name, name) for name in names), tuple(tuple(_cell(row[name]) for name in names) for row in rows)
    )


def _row(lesion: Lesion, number: int) -> LesionRow:
    yes = {True: "yes", False: "no", None: "–"}
    numbers = (lesion.diameter_mm, lesion.iou, lesion.dice, lesion.volume_ratio, lesion.contrast_recovery)
    cells = (
        number_text(lesion.sphere_mm, 1),
        _cell(numbers[0], 1),
        _cell(lesion.volume_mm3 / 1000),
        yes[lesion.in_target],
        yes[lesion.in_source],
        *(_cell(value) for value in (*numbers[1:], lesion.difference_ratio)),
    )
    place = ",".join(f"{along:.2f}" for along in lesion.centre_mm)
    text = ", ".join(number_text(along, 0) for along in lesion.centre_mm)
    return LesionRow(lesion, STATES.get(lesion.status, "open"), cells, number, place, text)


def _cell(value: Any, digits: int = 2) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    return number_text(value, digits) if isinstance(value, float) else str(value)

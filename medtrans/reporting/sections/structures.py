"""Structures: label maps of translation and target compared, by class and by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.measurement import Structure
from medtrans.core.score import Definition, Score
from medtrans.evaluating.columns import Column, columns
from medtrans.evaluating.segmentation.task import SEGMENTATION
from medtrans.reporting.charts.strip import strip_chart
from medtrans.reporting.report import Section
from medtrans.reporting.score_tables import groups, overview
from medtrans.reporting.structure_tables import (
    CLASS_COLUMNS,
    StructureColumn,
    class_groups,
    lowest_dice,
    values_by_class,
)
from medtrans.reporting.table_cells import Group, Line

MAX_CHARTED_CLASSES = 12
"""Classes in the charts: those of the lowest mean Dice."""
CHARTED = (("dice", "Dice"), ("hd95", "HD95, mm"))


@dataclass(frozen=True)
class Structures:
    """Tables over the cases, over the classes, and of each case; charts as (caption, SVG)."""

    origin: str
    """Where the label maps come from."""
    overview: list[Line]
    columns: list[Column]
    cases: list[Group]
    classes: list[Group]
    strips: list[tuple[str, str]]
    class_columns: tuple[StructureColumn, ...] = CLASS_COLUMNS
    max_charted: int = MAX_CHARTED_CLASSES


def structures_section(
    structures: Sequence[Structure], scores: Sequence[Score], definition: Definition | None
) -> Section | None:
    """`scores` are those over all classes of a case."""
    if not structures or not scores:
        return None
    names = lowest_dice(structures, MAX_CHARTED_CLASSES)
    strips = [
        (caption, strip_chart(values_by_class(structures, kind, names), own=names, name=kind))
        for kind, caption in CHARTED
    ]
    data = Structures(
        origin=_origin(definition),
        overview=overview(scores),
        columns=columns(scores),
        cases=groups(scores),
        classes=class_groups(structures),
        strips=strips,
    )
    return Section("structures", "Structures", data)


def _origin(definition: Definition | None) -> str:
    clauses = definition.clauses if definition else ()
    return next((clause.text for clause in clauses if clause.subject == SEGMENTATION), "")

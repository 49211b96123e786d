"""Structures of the downstream task, as the page tells of them: by class, by case, as charts, and their volumes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.metric import Direction, Score
from medtrans.evaluating.measurements import Measurement
from medtrans.evaluating.segmentation.structures import MEANS, SAID, Structure
from medtrans.evaluating.segmentation.table import ClassSummary, by_class
from medtrans.reporting.charts import strip_chart
from medtrans.reporting.tables import OWN, Cell, Column, Group, Line, columns, groups, overview

MOST = 12
"""Structures that have a chart of their own: those of the lowest mean Dice."""
DRAWN = (("dice", "Dice"), ("hd95", "HD95, mm"))
DIGITS = {"dice": 3, "hd95": 1, "surface_dice": 3, "ml": 1}


@dataclass(frozen=True)
class Head:
    """One column; `better` says which way it is sorted first, `arrow` only where that is a judgement."""

    label: str
    unit: str = ""
    direction: Direction = "higher"
    arrow: str = ""


AGREEMENT = (
    Head("Dice", "", "higher", "↑"),
    Head("HD95", "mm", "lower", "↓"),
    Head("Surface Dice", "", "higher", "↑"),
    Head("Volume in the target", "ml"),
    Head("Volume found", "ml"),
)
HEADS = (
    Head("Cases"),
    Head("Missed", "", "lower", "↓"),
    Head("Invented", "", "lower", "↓"),
    *AGREEMENT,
    Head("Change", "%"),
)
"""Of the table over all cases; that of one case has those of AGREEMENT."""


@dataclass(frozen=True)
class Section:
    """What the page says of them."""

    said: str
    """Whose label maps they are of."""
    wrong: int
    """How many were missed or invented in the translations, …"""
    count: int
    """… of how many."""
    overview: list[Line]
    columns: list[Column]
    cases: list[Group]
    classes: list[Group]
    strips: list[tuple[str, str]]
    """A caption and a chart each."""
    heads: tuple[Head, ...] = HEADS
    most: int = MOST


def section(structures: Sequence[Structure], scores: Sequence[Score], said: str) -> Section | None:
    """`scores` are those over all structures of a case, `said` the sentence on whose label maps these are."""
    if not structures:
        return None
    own, names = _found(structures), telling(structures)
    charts = [(words, strip_chart(strips_of(structures, kind, names), own=names, name=kind)) for kind, words in DRAWN]
    return Section(
        said=said,
        wrong=sum(one.found != "both" for one in own),
        count=len(own),
        overview=overview(scores),
        columns=columns(scores),
        cases=groups(scores),
        classes=class_groups(structures),
        strips=charts,
    )


def class_groups(structures: Sequence[Structure]) -> list[Group]:
    """Over all cases, a class each, in it a line per competitor: the cells of HEADS."""
    lines: dict[str, list[Line]] = {}
    for one in by_class(structures):
        lines.setdefault(one.name, []).append(Line(one.system, _summary_cells(one)))
    return [Group(name, "", tuple(found)) for name, found in lines.items()]


def case_groups(structures: Sequence[Structure], case: str) -> list[Group]:
    """Of one case, as translated: the cells of AGREEMENT; a note where a structure was missed or invented."""
    own = (one for one in _found(structures) if one.case == case)
    return [Group(one.name, "", (Line(OWN, _cells(one), _note(one)),)) for one in own]


def telling(structures: Sequence[Structure]) -> list[str]:
    """At most `MOST` classes, those of the lowest mean Dice of the translation, in the order of the table."""
    own = [one for one in by_class(structures) if one.system == OWN and one.cases]
    lowest = sorted(own, key=lambda one: one.means["dice"])[:MOST]
    return [one.name for one in own if one in lowest]


def strips_of(structures: Sequence[Structure], kind: str, names: Sequence[str]) -> dict[str, list[float]]:
    """Class → the finite values of `kind` in the translations."""
    own = _found(structures)
    return {name: [getattr(one, kind) for one in own if one.name == name] for name in names}


def volumes(structures: Sequence[Structure], names: Sequence[str]) -> list[Measurement]:
    """In ml, of the target and of the translation, where one of both has the structure."""
    return [
        Measurement(one.case, one.subject, f"volume of {one.name}", "ml", one.real_ml, one.ml)
        for name in names
        for one in _found(structures)
        if one.name == name
    ]


def _found(structures: Sequence[Structure]) -> list[Structure]:
    """Of the translations, what one of both maps has."""
    return [one for one in structures if one.system == OWN and one.found != "neither"]


def _summary_cells(one: ClassSummary) -> tuple[Cell, ...]:
    counts = [Cell(str(count), value=count) for count in (one.cases, one.missed, one.invented)]
    means = [_cell(one.means[kind], DIGITS[kind], one.deviations[kind]) for kind in MEANS]
    sizes = [_cell(one.means[kind], DIGITS["ml"]) for kind in ("real_ml", "ml")]
    return (*counts, *means, *sizes, _cell(one.change, 1, sign="+"))


def _cells(one: Structure) -> tuple[Cell, ...]:
    means = [_cell(getattr(one, kind), DIGITS[kind]) for kind in MEANS]
    return (*means, _cell(one.real_ml, DIGITS["ml"]), _cell(one.ml, DIGITS["ml"]))


def _note(one: Structure) -> tuple[str, ...]:
    return (SAID[one.found],) if one.found in SAID else ()


def _cell(value: float, digits: int, deviation: float = math.nan, sign: str = "") -> Cell:
    if math.isnan(value):
        return Cell("–")
    spread = "" if math.isnan(deviation) else f" ±\u00a0{deviation:.{digits}f}"
    value = round(value, digits) + 0.0  # no -0.0
    return Cell(f"{value:{sign}.{digits}f}".replace("-", "−") + spread, value=value)

"""Tables of structures in label maps: one row per class over all cases, or one per class of one case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.measurement import Measurement, Structure
from medtrans.core.score import TRANSLATED, Direction
from medtrans.evaluating.columns import number_text
from medtrans.evaluating.segmentation.class_metrics import MEANS, REMARKS
from medtrans.evaluating.segmentation.table import ClassSummary, by_class
from medtrans.reporting.table_cells import Cell, Group, Line

DIGITS = {"dice": 3, "hd95": 1, "surface_dice": 3, "ml": 1}


@dataclass(frozen=True)
class StructureColumn:
    """One column. `direction` is the order of the first sorting; `arrow` is empty where no value is better."""

    label: str
    unit: str = ""
    direction: Direction = "higher"
    arrow: str = ""


CASE_COLUMNS = (
    StructureColumn("Dice", "", "higher", "↑"),
    StructureColumn("HD95", "mm", "lower", "↓"),
    StructureColumn("Surface Dice", "", "higher", "↑"),
    StructureColumn("Volume in the target", "ml"),
    StructureColumn("Volume found", "ml"),
)
"""Of the structures of one case."""
CLASS_COLUMNS = (
    StructureColumn("Cases"),
    StructureColumn("Missed", "", "lower", "↓"),
    StructureColumn("Invented", "", "lower", "↓"),
    *CASE_COLUMNS,
    StructureColumn("Change", "%"),
)
"""Of the classes over all cases."""


def class_groups(structures: Sequence[Structure]) -> list[Group]:
    """A group per class with a line per system: the cells of CLASS_COLUMNS."""
    lines: dict[str, list[Line]] = {}
    for one in by_class(structures):
        lines.setdefault(one.name, []).append(Line(one.system, _class_cells(one)))
    return [Group(name, "", tuple(found)) for name, found in lines.items()]


def case_groups(structures: Sequence[Structure], case: str) -> list[Group]:
    """Structures of one translated case: the cells of CASE_COLUMNS; a note on a missed or invented structure."""
    own = (one for one in of_translation(structures) if one.case == case)
    return [Group(one.name, "", (Line(TRANSLATED, _case_cells(one), _note(one)),)) for one in own]


def of_translation(structures: Sequence[Structure]) -> list[Structure]:
    """Structures of the translations that are in at least one of both label maps."""
    return [one for one in structures if one.system == TRANSLATED and one.found != "neither"]


def lowest_dice(structures: Sequence[Structure], count: int) -> list[str]:
    """At most `count` classes, those of the lowest mean Dice of the translation, in the order of the table."""
    own = [one for one in by_class(structures) if one.system == TRANSLATED and one.cases]
    lowest = sorted(own, key=lambda one: one.means["dice"])[:count]
    return [one.name for one in own if one in lowest]


def values_by_class(structures: Sequence[Structure], kind: str, names: Sequence[str]) -> dict[str, list[float]]:
    """Class → values of `kind` in the translations."""
    own = of_translation(structures)
    return {name: [getattr(one, kind) for one in own if one.name == name] for name in names}


def volume_measurements(structures: Sequence[Structure], names: Sequence[str]) -> list[Measurement]:
    """Volumes in ml in the label maps of target and translation."""
    return [
        Measurement(one.case, one.subject, f"volume of {one.name}", "ml", one.real_ml, one.ml)
        for name in names
        for one in of_translation(structures)
        if one.name == name
    ]


def _class_cells(one: ClassSummary) -> tuple[Cell, ...]:
    counts = [Cell(str(count), value=count) for count in (one.cases, one.missed, one.invented)]
    means = [_cell(one.means[kind], DIGITS[kind], one.deviations[kind]) for kind in MEANS]
    volumes = [_cell(one.means[kind], DIGITS["ml"]) for kind in ("real_ml", "ml")]
    return (*counts, *means, *volumes, _cell(one.change, 1, sign="+"))


def _case_cells(one: Structure) -> tuple[Cell, ...]:
    means = [_cell(getattr(one, kind), DIGITS[kind]) for kind in MEANS]
    return (*means, _cell(one.real_ml, DIGITS["ml"]), _cell(one.ml, DIGITS["ml"]))


def _note(one: Structure) -> tuple[str, ...]:
    return (REMARKS[one.found],) if one.found in REMARKS else ()


def _cell(value: float, digits: int, deviation: float = math.nan, sign: str = "") -> Cell:
    if math.isnan(value):
        return Cell("–")
    deviation_text = "" if math.isnan(deviation) else f" ±\u00a0{deviation:.{digits}f}"
    value = round(value, digits) + 0.0  # no -0.0
    return Cell(number_text(value, digits, sign) + deviation_text, value=value)

"""Structures as tables: for the shell a line per class, for CSV and JSON one per class and case."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from medtrans.evaluating.segmentation.structures import LEAST, MEANS, Structure

COLUMNS = (
    "case",
    "subject",
    "system",
    "name",
    "found",
    "ml",
    "real_ml",
    *MEANS,
    "volume_error",
    "volume_error_percent",
)
HEADS = ("cases", "missed", "invented", "Dice", "HD95 mm", "surf.Dice", "ml", "real ml", "change")
LEGEND = (
    "cases: in how many one of both label maps has the structure; missed: less than "
    f"{LEAST:.0%} of it is found; invented: the target's map has it not. The rest are means over these cases; real ml: "
    "of the target; change: of the mean volume."
)


@dataclass(frozen=True)
class ClassSummary:
    """One class of one competitor over the `cases` of which one of both maps has it; means, and deviations (n - 1)."""

    system: str
    name: str
    cases: int
    missed: int
    invented: int
    means: dict[str, float]
    """By the names in MEANS, "ml", "real_ml" and "volume_error"."""
    deviations: dict[str, float]
    """By the names in MEANS; nan below two cases."""

    @property
    def change(self) -> float:
        """Of the mean volume, in % of the real one; nan where that is 0."""
        real = self.means["real_ml"]
        return 100 * (self.means["ml"] / real - 1) if real else math.nan


def by_class(structures: Sequence[Structure]) -> list[ClassSummary]:
    """Class after class in the order of their appearance, and of each the competitors in theirs."""
    groups: dict[str, dict[str, list[Structure]]] = {}
    for one in structures:
        groups.setdefault(one.name, {}).setdefault(one.system, []).append(one)
    return [_summary(system, name, group) for name, found in groups.items() for system, group in found.items()]


def _summary(system: str, name: str, group: Sequence[Structure]) -> ClassSummary:
    there = [one for one in group if one.found != "neither"]
    missed, invented = (sum(one.found == kind for one in there) for kind in ("missed", "invented"))
    values = {kind: [float(getattr(one, kind)) for one in there] for kind in (*MEANS, "ml", "real_ml", "volume_error")}
    means = {kind: fmean(found) if found else math.nan for kind, found in values.items()}
    deviations = {kind: stdev(values[kind]) if len(there) > 1 else math.nan for kind in MEANS}
    return ClassSummary(system, name, len(there), missed, invented, means, deviations)


def rows(structures: Sequence[Structure]) -> list[dict[str, Any]]:
    """Plain values; `found` says in which of both maps, volumes are in ml, HD95 in mm; nan where neither has it."""
    return [{column: getattr(one, column) for column in COLUMNS} for one in structures]


def to_csv(structures: Sequence[Structure]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows(structures))
    return text.getvalue().encode()


def to_lines(structures: Sequence[Structure]) -> list[str]:
    """Of each competitor and class a line, below them what the columns are."""
    labels = {
        f"{one.name}" + ("" if one.system == "translated" else f" ({one.system})"): one for one in by_class(structures)
    }
    width = max(map(len, labels), default=0)
    lines = [f"{'':{width}}  " + "  ".join(f"{head:>9}" for head in HEADS)]
    lines += [f"{label:{width}}  " + "  ".join(_cells(one)) for label, one in labels.items()]
    return [*lines, "", LEGEND] if labels else []


def _cells(one: ClassSummary) -> list[str]:
    change = f"{'–':>9}" if math.isnan(one.change) else f"{one.change:+8.1f}%"
    means = (f"{one.means[kind]:9.3f}" for kind in (*MEANS, "ml", "real_ml"))
    return [*(f"{count:9}" for count in (one.cases, one.missed, one.invented)), *means, change]

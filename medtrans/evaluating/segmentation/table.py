"""Structures as tables: in the terminal a line per class, as CSV one per class and case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from medtrans.core import tables
from medtrans.core.measurement import MISSED_BELOW, Structure
from medtrans.core.score import TRANSLATED
from medtrans.evaluating.segmentation.class_metrics import MEANS

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
LEGEND = (
    "cases: in how many one of both label maps has the structure; missed: less than "
    f"{MISSED_BELOW:.0%} of it is found in its place; invented: the target's map does not have it. The rest are means "
    "over these cases; real ml: of the target; change: of the mean volume."
)


@dataclass(frozen=True)
class ClassSummary:
    """One class of one system over the `cases` of which one of both maps has it; means, and deviations (n - 1)."""

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
    """Class after class in the order of their appearance, and of each the systems in theirs."""
    groups: dict[str, dict[str, list[Structure]]] = {}
    for one in structures:
        groups.setdefault(one.name, {}).setdefault(one.system, []).append(one)
    return [_summary(system, name, group) for name, found in groups.items() for system, group in found.items()]


def to_csv(structures: Sequence[Structure]) -> bytes:
    """`found` says in which of both maps; volumes are in ml, HD95 in mm; nan where neither has it."""
    return tables.to_csv([{name: getattr(one, name) for name in COLUMNS} for one in structures], COLUMNS)


def to_text(structures: Sequence[Structure]) -> str:
    """A line of each system and class, below them the meaning of the columns."""
    rows = [_row(one) for one in by_class(structures)]
    return f"{tables.text_table(rows)}\n\n{LEGEND}" if rows else ""


def _summary(system: str, name: str, group: Sequence[Structure]) -> ClassSummary:
    there = [one for one in group if one.found != "neither"]
    missed, invented = (sum(one.found == kind for one in there) for kind in ("missed", "invented"))
    values = {kind: [float(getattr(one, kind)) for one in there] for kind in (*MEANS, "ml", "real_ml", "volume_error")}
    means = {kind: fmean(found) if found else math.nan for kind, found in values.items()}
    deviations = {kind: stdev(values[kind]) if len(there) > 1 else math.nan for kind in MEANS}
    return ClassSummary(system, name, len(there), missed, invented, means, deviations)


def _row(one: ClassSummary) -> dict[str, Any]:
    label = one.name if one.system == TRANSLATED else f"{one.name} ({one.system})"
    counts = {"cases": str(one.cases), "missed": str(one.missed), "invented": str(one.invented)}
    heads = {"dice": "Dice", "hd95": "HD95 mm", "surface_dice": "surf.Dice", "ml": "ml", "real_ml": "real ml"}
    means = {head: f"{one.means[kind]:.3f}" for kind, head in heads.items()}
    return {"": label, **counts, **means, "change": "–" if math.isnan(one.change) else f"{one.change:+.1f}%"}

"""Structures as tables: for the shell a line per class, for CSV and JSON one per class and case."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from medtrans.evaluating.downstream.structures import MEANS, Structure

COLUMNS = ("case", "subject", "who", "name", "found", "ml", "real_ml", *MEANS, "volume_error", "volume_error_percent")
HEADS = ("n", "missed", "invented", "Dice", "HD95 mm", "surface", "ml", "real ml", "change")


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
    """Of each competitor and class: in how many cases one of both maps has it, missed, invented; means over those."""
    groups: dict[str, list[Structure]] = {}
    for one in structures:
        groups.setdefault(f"{one.name}" + ("" if one.who == "translated" else f" ({one.who})"), []).append(one)
    width = max(map(len, groups), default=0)
    lines = [f"{'':{width}}  " + "  ".join(f"{head:>8}" for head in HEADS)] if groups else []
    return lines + [f"{label:{width}}  " + "  ".join(_cells(group)) for label, group in groups.items()]


def _cells(group: Sequence[Structure]) -> list[str]:
    there = [one for one in group if one.found != "neither"]
    counts = [len(there), *(sum(one.found == kind for one in there) for kind in ("missed", "invented"))]
    means = [fmean(getattr(one, kind) for one in there) if there else math.nan for kind in (*MEANS, "ml", "real_ml")]
    change = f"{100 * (means[-2] / means[-1] - 1):+7.1f}%" if means[-1] else f"{'–':>8}"
    return [*(f"{count:8}" for count in counts), *(f"{mean:8.3f}" for mean in means), change]

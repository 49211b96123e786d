"""Cells, rows and groups of rows of the tables in the report."""

from __future__ import annotations

import math
from dataclasses import dataclass

from medtrans.core.score import TRANSLATED
from medtrans.evaluating.segmentation.task import UPPER_BOUND


@dataclass(frozen=True)
class Cell:
    """One cell; `best` is printed bold, the lines of `small` below it in small print."""

    text: str
    best: bool = False
    small: tuple[str, ...] = ()
    value: float = math.nan
    """Sort key."""

    @property
    def sort_key(self) -> str:
        """As JavaScript reads a number: "Infinity"; empty for nan."""
        return "" if math.isnan(self.value) else repr(self.value).replace("inf", "Infinity")


@dataclass(frozen=True)
class Line:
    """The row of one system: a cell, or None, per column."""

    system: str
    cells: tuple[Cell | None, ...]
    notes: tuple[str, ...] = ()
    """Reasons for missing values, and reservations."""

    @property
    def own(self) -> bool:
        """Whether this is the translation."""
        return self.system == TRANSLATED

    @property
    def tag(self) -> str:
        """Kind of a system that is not the translation."""
        return "upper bound" if self.system == UPPER_BOUND else "baseline"


@dataclass(frozen=True)
class Group:
    """The rows of one case, or of one class of a label map."""

    case: str
    subject: str
    lines: tuple[Line, ...]

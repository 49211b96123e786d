"""Rows of the table "how we know": a measure, an independent source, and pairs of values of both.

A row is one function that yields (ours, theirs), as many pairs as it likes:

    @row("MAE", "a loop over voxels", within=1e-12)
    def _():
        yield MAE()(x, y, mask), mean_of_a_loop(x, y, mask)

Write it into a file of this folder whose name ends in _rows, and run
`python -m pytest -m conformance --write-page`: it is in the table of docs/how_we_know.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pytest

SECTIONS = {
    "image_rows": "One image against its target",
    "overlap_rows": "Two masks",
    "case_rows": "Measured in one case, and its baselines",
    "set_rows": "Sets of images, and uncertainty",
    "operator_rows": "Known linear degradations",
    "statistics_rows": "Statistics over subjects",
}
"""File of rows → heading of its table."""

Pairs = Iterable[tuple[float, float]]


@dataclass(frozen=True)
class Row:
    measure: str
    against: str
    within: float
    """Largest difference that is accepted; of the value itself where `relative`."""
    pairs: Callable[[], Pairs]
    relative: bool = False
    requires: str = ""
    """A package without which the row is left out."""

    @property
    def section(self) -> str:
        """Heading of the table that holds it."""
        return SECTIONS[self.pairs.__module__.rpartition(".")[2]]

    @property
    def bound(self) -> str:
        return f"{self.within:g}" + (" of the value" if self.relative else "")


@dataclass(frozen=True)
class Compared:
    """The largest difference of `n` pairs of values."""

    difference: float
    n: int


ROWS: list[Row] = []


def row(measure: str, against: str, *, within: float, relative: bool = False, requires: str = "") -> Callable:
    """Add a function without parameters, which yields pairs, to the table."""

    def add(pairs: Callable[[], Pairs]) -> Callable[[], Pairs]:
        ROWS.append(Row(measure, against, within, pairs, relative, requires))
        return pairs

    return add


def compare(one: Row) -> Compared:
    """The largest difference of a row. Skips the test where its package is not installed."""
    if one.requires:
        pytest.importorskip(one.requires)
    ours, theirs = np.array([[float(a), float(b)] for a, b in one.pairs()]).T
    difference = np.abs(ours - theirs) / (np.abs(theirs) if one.relative else 1)
    return Compared(float(difference.max()), len(ours))

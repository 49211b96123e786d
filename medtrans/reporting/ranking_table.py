"""Standings by one metric, in words, with the differences to the first drawn beside each other."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.evaluating.segmentation.structures import direction
from medtrans.reporting.tables import ARROWS, decimals, label

MISSING = "–"


@dataclass(frozen=True)
class Drawn:
    """A difference and its interval as shares of the width, 0 … 100."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class StandingRow:
    """One competitor; every cell in words."""

    system: str
    mean: str
    interval: str
    place: str
    places: str
    rank: str
    behind: str
    behind_interval: str
    drawn: Drawn | None
    clipped_fraction: str
    """An arrow to where a difference lies that has no place in the picture."""
    p: str
    effect: str
    equivalent: str
    note: str


@dataclass(frozen=True)
class StandingTable:
    """`zero` is where no difference lies, `band` where the margin ends, as shares of the width."""

    label: str
    direction: str
    rows: tuple[StandingRow, ...]
    zero: float
    band: tuple[float, float] | None
    margin: str


def standing_table(
    metric: str, lines: Sequence[Mapping[str, Any]], runs: Container[str], margin: float | None = None
) -> StandingTable:
    """`lines` are standings as plain values, nan where there is none, the first in rank first.

    The picture is as wide as the differences of `runs` ask; a control may lie beyond it.
    """
    digits = decimals(line["mean"] for line in lines)
    ends = [line[key] for line in lines if line["system"] in runs for key in ("behind", "behind_low", "behind_high")]
    across = _Across.over([0.0, *ends, *([margin, -margin] if margin else [])])
    rows = tuple(_row(line, digits, across, first=number == 0) for number, line in enumerate(lines))
    band = (across.place(-margin), across.place(margin)) if margin else None
    return StandingTable(
        label(metric),
        f"{ARROWS[direction(metric)]} {direction(metric)} is better",
        rows,
        across.place(0.0),
        band,
        f"{margin:g}" if margin else "",
    )


@dataclass(frozen=True)
class _Across:
    """The picture's width in the metric's unit."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> _Across:
        known = [value for value in values if math.isfinite(value)]
        width = (max(known) - min(known)) or 1.0
        return cls(min(known) - 0.06 * width, max(known) + 0.06 * width)

    def place(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def _row(line: Mapping[str, Any], digits: int, across: _Across, *, first: bool) -> StandingRow:
    at, low, high = (line[key] for key in ("behind", "behind_low", "behind_high"))
    ends = (at, at) if math.isnan(low) else (low, high)
    clipped_fraction = "→" if ends[1] > across.high else "←" if ends[0] < across.low else ""
    drawn = None if math.isnan(at) or first or clipped_fraction else Drawn(across.place(at), *map(across.place, ends))
    return StandingRow(
        system=line["system"],
        mean=_words(line["mean"], digits),
        interval=_interval(line["low"], line["high"], digits),
        place=str(line["place"]),
        places=_interval(line["place_low"], line["place_high"], 0),
        rank=_words(line["rank"], 2),
        behind="first" if first else _words(at, digits, sign="+"),
        behind_interval="" if first else _interval(low, high, digits, sign="+"),
        drawn=drawn,
        clipped_fraction=clipped_fraction,
        p="" if first else _p(line["p"]),
        effect="" if first else _words(line["effect"], 2, sign="+"),
        equivalent="" if first else _p(line["equivalent"]),
        note=line["note"],
    )


def _words(value: float, digits: int, sign: str = "") -> str:
    return MISSING if math.isnan(value) else f"{value:{sign}.{digits}f}".replace("-", "−").replace("inf", "∞")


def _interval(low: float, high: float, digits: int, sign: str = "") -> str:
    return "" if math.isnan(low) else f"{_words(low, digits, sign)} … {_words(high, digits, sign)}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else _words(value, 3).removeprefix("0")

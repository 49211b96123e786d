"""Ranking of systems by one metric as a table, with the differences to the first system drawn beside each other."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from medtrans.core.score import Direction, MetricId
from medtrans.evaluating.columns import ARROWS, decimals, metric_label, number_text
from medtrans.evaluating.statistics.ranking import SystemRank

MISSING = "–"


@dataclass(frozen=True)
class Ranking:
    """Systems by one metric, the best mean rank first."""

    metric: MetricId
    direction: Direction
    systems: Sequence[SystemRank]
    margin: float | None = None
    """Pre-specified equivalence margin."""
    primary: bool = True
    """Whether p of the runs is corrected; else every p is in brackets."""


@dataclass(frozen=True)
class IntervalBar:
    """A difference and its interval, in percent of the width of the drawing."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class RankingRow:
    """One system; every cell is text."""

    system: str
    mean: str
    interval: str
    rank: str
    rank_interval: str
    mean_rank: str
    difference: str
    difference_interval: str
    bar: IntervalBar | None
    outside: str
    """Arrow towards a difference outside the drawing."""
    p: str
    effect: str
    equivalence_p: str
    note: str


@dataclass(frozen=True)
class RankingTable:
    """`zero` is the place of no difference, `band` that of the margin, in percent of the width of the drawing."""

    label: str
    direction: str
    rows: tuple[RankingRow, ...]
    zero: float
    band: tuple[float, float] | None
    margin: str


def ranking_table(ranking: Ranking, runs: Container[str]) -> RankingTable:
    """The drawing is wide enough for the differences of `runs`; a baseline may be outside."""
    lines, margin = ranking.systems, ranking.margin
    ends = [end for line in lines if line.system in runs for end in _ends(line)]
    scale = _Scale.over([0.0, *ends, *([margin, -margin] if margin else [])])
    digits = decimals(line.mean for line in lines)
    reference = next((line.system for line in lines if line.reference), lines[0].system)
    return RankingTable(
        metric_label(ranking.metric),
        f"{ARROWS[ranking.direction]} {ranking.direction} is better",
        tuple(
            _row(line, digits, scale, tested=ranking.primary and line.system in runs, first=line.system == reference)
            for line in lines
        ),
        scale.percent(0.0),
        (scale.percent(-margin), scale.percent(margin)) if margin else None,
        f"{margin:g}" if margin else "",
    )


@dataclass(frozen=True)
class _Scale:
    """Horizontal scale of the drawing, in the unit of the metric."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> _Scale:
        finite = [value for value in values if math.isfinite(value)]
        width = (max(finite) - min(finite)) or 1.0
        return cls(min(finite) - 0.06 * width, max(finite) + 0.06 * width)

    def percent(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def _ends(line: SystemRank) -> tuple[float, float, float]:
    return line.difference, line.difference_low, line.difference_high


def _row(line: SystemRank, digits: int, scale: _Scale, *, tested: bool, first: bool) -> RankingRow:
    at, low, high = _ends(line)
    ends = (at, at) if math.isnan(low) else (low, high)
    outside = "→" if ends[1] > scale.high else "←" if ends[0] < scale.low else ""
    bar = None
    if not (math.isnan(at) or first or outside):
        bar = IntervalBar(scale.percent(at), *map(scale.percent, ends))
    return RankingRow(
        system=line.system,
        mean=_text(line.mean, digits),
        interval=_interval(line.low, line.high, digits),
        rank=str(line.rank),
        rank_interval=_interval(line.rank_low, line.rank_high, 0),
        mean_rank=_text(line.mean_rank, 2),
        difference="reference" if first else _text(at, digits, sign="+"),
        difference_interval="" if first else _interval(low, high, digits, sign="+"),
        bar=bar,
        outside=outside,
        p="" if first else _p(line.p) if tested or math.isnan(line.p) else f"({_p(line.p)})",
        effect="" if first else _text(line.effect, 2, sign="+"),
        equivalence_p="" if first else _p(line.equivalence_p),
        note=line.note,
    )


def _text(value: float, digits: int, sign: str = "") -> str:
    return MISSING if math.isnan(value) else number_text(value, digits, sign).replace("inf", "∞")


def _interval(low: float, high: float, digits: int, sign: str = "") -> str:
    return "" if math.isnan(low) else f"{_text(low, digits, sign)} … {_text(high, digits, sign)}"


def _p(value: float) -> str:
    """Three decimal places without the leading zero."""
    if math.isnan(value):
        return MISSING
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0")

"""The score sheet of a report: a summary of every competitor, and each case, the worst first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.metric import Score
from medtrans.evaluating.summary import Summary, summarise

ARROW = {"higher": "↑", "lower": "↓"}


@dataclass(frozen=True)
class Cell:
    text: str
    best: bool = False
    note: str = ""


@dataclass(frozen=True)
class Line:
    name: str
    control: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """Column heads like "mae ↓ (HU)" and the lines below them."""

    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def summary_sheet(scores: Sequence[Score]) -> Sheet:
    """Mean ± sd and median of each competitor; the best mean of each metric stands out."""
    found = summarise(scores)
    by = {(line.who, line.metric): line for line in found}
    metrics = list(dict.fromkeys(line.metric for line in found))
    best = {metric: _best([line for line in found if line.metric == metric]) for metric in metrics}
    lines = []
    for who in dict.fromkeys(line.who for line in found):
        own = [(metric, by.get((who, metric))) for metric in metrics]
        cells = tuple(_summary_cell(line, line is not None and line.mean == best[metric]) for metric, line in own)
        lines.append(Line(who, who != "translated", cells))
    return Sheet(_heads(found, metrics), tuple(lines))


def case_sheet(scores: Sequence[Score]) -> Sheet:
    """Each case's translation, the worst by the first metric on top."""
    own = [score for score in scores if score.who == "translated"]
    metrics = list(dict.fromkeys(score.metric for score in own))
    by = {(score.case, score.metric): score for score in own}
    cases = list(dict.fromkeys(score.case for score in own))
    if metrics:
        sign = 1 if own[0].better == "higher" else -1
        cases.sort(key=lambda case: sign * _worst_nan(by[case, metrics[0]].value, sign))
    lines = tuple(Line(case, False, tuple(_case_cell(by.get((case, metric))) for metric in metrics)) for case in cases)
    return Sheet(_heads(summarise(own), metrics), lines)


def _worst_nan(value: float, sign: int) -> float:
    return -sign * math.inf if math.isnan(value) else value


def _best(lines: Sequence[Summary]) -> float:
    means = [line.mean for line in lines if math.isfinite(line.mean)]
    if not means:
        return math.nan
    return max(means) if lines[0].better == "higher" else min(means)


def _heads(found: Sequence[Summary], metrics: Sequence[str]) -> tuple[str, ...]:
    first = {line.metric: line for line in reversed(found)}
    return tuple(
        f"{metric} {ARROW[first[metric].better]}" + (f" ({first[metric].unit})" if first[metric].unit else "")
        for metric in metrics
    )


def _summary_cell(line: Summary | None, best: bool) -> Cell:
    if line is None:
        return Cell("–")
    spread = "" if math.isnan(line.sd) else f" ± {_number(line.sd)}"
    counts = [f"{count} {word}" for count, word in ((line.n_nan, "nan"), (line.n_inf, "inf")) if count]
    note = ", ".join([f"median {_number(line.median)}", f"n = {line.n}", *counts])
    return Cell(_number(line.mean) + spread, best, note)


def _case_cell(score: Score | None) -> Cell:
    return Cell("–") if score is None else Cell(_number(score.value), False, score.note)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"

"""Scores as tables: one line per competitor, and one group of lines per case, the worst case first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from medtrans.core.metric import Direction, Score
from medtrans.evaluating.segmentation.structures import is_segmentation
from medtrans.evaluating.segmentation.task import CEILING
from medtrans.evaluating.statistics.intervals import Estimate, bootstrapped
from medtrans.evaluating.statistics.ranking import by_subject
from medtrans.evaluating.statistics.summary import Summary, summarise

OWN = "translated"
ARROWS: dict[Direction, str] = {"lower": "↓", "higher": "↑"}
NAMES = {
    "dice[mean]": "Mean Dice",
    "hd95[mean]": "Mean HD95",
    "surface_dice[mean]": "Mean surface Dice",
    "classes[missed]": "Missed",
    "classes[invented]": "Invented",
}
"""How scores over all structures are headed."""


@dataclass(frozen=True)
class Column:
    """One metric: how it is headed and how many decimals it has."""

    metric: str
    unit: str
    direction: Direction
    decimals: int

    @property
    def label(self) -> str:
        return label(self.metric)

    @property
    def arrow(self) -> str:
        return ARROWS[self.direction]

    def words(self, value: float) -> str:
        if math.isnan(value):
            return "nan"
        return f"{value:.{self.decimals}f}".replace("-", "−").replace("inf", "∞")


@dataclass(frozen=True)
class Cell:
    """What stands in a table; `best` is printed bold, the lines of `small` below in small."""

    text: str
    best: bool = False
    small: tuple[str, ...] = ()
    value: float = math.nan
    """What it is sorted by."""


@dataclass(frozen=True)
class Line:
    """One competitor: a cell (or None) per column."""

    system: str
    cells: tuple[Cell | None, ...]
    notes: tuple[str, ...] = ()
    """Why a value is missing or to be doubted."""

    @property
    def own(self) -> bool:
        return self.system == OWN

    @property
    def tag(self) -> str:
        """What a competitor is that is not the translation."""
        return "ceiling" if self.system == CEILING else "control"


@dataclass(frozen=True)
class Group:
    """One case."""

    case: str
    subject: str
    lines: tuple[Line, ...]


def columns(scores: Sequence[Score]) -> list[Column]:
    """The metrics in the order of their appearance."""
    found: dict[str, list[Score]] = {}
    for score in scores:
        found.setdefault(score.metric, []).append(score)
    digits = {metric: decimals(score.value for score in own) for metric, own in found.items()}
    return [Column(metric, own[0].unit, own[0].direction, digits[metric]) for metric, own in found.items()]


def competitors(scores: Iterable[Score]) -> list[str]:
    """The translation, then the controls in the order of their appearance."""
    return sorted(dict.fromkeys(score.system for score in scores), key=lambda system: system != OWN)


def overview(scores: Sequence[Score]) -> list[Line]:
    """Mean ± standard deviation; below: interval, median, counts, in how many cases the translation beat a control."""
    found = {(line.system, line.metric): line for line in summarise(scores)}
    lines = []
    for system in competitors(scores):
        cells = [_summary_cell(found, system, column, scores) for column in columns(scores)]
        lines.append(Line(system, tuple(cells)))
    return lines


def groups(scores: Sequence[Score]) -> list[Group]:
    """Cases by the first metric of their translation, the worst first; one without a value before all others."""
    cases: dict[str, list[Score]] = {}
    for score in scores:
        cases.setdefault(score.case, []).append(score)
    heads = columns(scores)
    order = sorted(cases, key=lambda case: _badness(cases[case], heads[0]), reverse=True)
    return [Group(case, cases[case][0].subject, _case_lines(cases[case], heads)) for case in order]


def worst_to_best(scores: Sequence[Score], count: int) -> list[str]:
    """At most `count` cases, evenly picked from the worst to the best: of three, the worst, the median and the best."""
    cases = [group.case for group in groups(scores)]
    places = np.linspace(0, len(cases) - 1, min(count, len(cases)))
    return [cases[int(place)] for place in places]


def counted(number: int, thing: str) -> str:
    """ "1 case", "2 cases"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def decimals(values: Iterable[float]) -> int:
    """1 to 4, so many that the middle one of `values` has four digits from 10 on, three below."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    place = math.floor(math.log10(median(sizes))) if sizes else 2
    return min(max((3 if place > 0 else 2) - place, 1), 4)


def strips(scores: Sequence[Score]) -> dict[str, dict[str, list[float]]]:
    """metric → competitor → values, for the picture beside the table."""
    found: dict[str, dict[str, list[float]]] = {}
    for system in competitors(scores):
        for score in scores:
            if score.system == system:
                found.setdefault(score.metric, {}).setdefault(system, []).append(score.value)
    return found


def worth(value: float, column: Column) -> float:
    """Larger is better; nan is worst."""
    if math.isnan(value):
        return -math.inf
    return value if column.direction == "higher" else -value


def _badness(scores: Sequence[Score], column: Column) -> tuple[bool, float]:
    own = [score.value for score in scores if score.system == OWN and score.metric == column.metric]
    missing = not own or math.isnan(own[0])
    return missing, 0.0 if missing else -worth(own[0], column)


def _case_lines(scores: Sequence[Score], heads: Sequence[Column]) -> tuple[Line, ...]:
    found = {(score.system, score.metric): score for score in scores}
    lines = []
    for system in competitors(scores):
        own = [found.get((system, head.metric)) for head in heads]
        cells = [_case_cell(score, head, scores) for score, head in zip(own, heads, strict=True)]
        lines.append(Line(system, tuple(cells), _notes([score for score in own if score is not None])))
    return tuple(lines)


def _case_cell(score: Score | None, head: Column, scores: Sequence[Score]) -> Cell | None:
    """Nothing is best where there is no choice, or no value."""
    if score is None:
        return None
    rivals = [worth(other.value, head) for other in scores if other.metric == head.metric]
    best = len(rivals) > 1 and not math.isnan(score.value) and worth(score.value, head) == max(rivals)
    words = f"{score.value:.0f}" if score.metric.startswith("classes[") else head.words(score.value)
    return Cell(words, best, value=score.value)


def _notes(scores: Sequence[Score]) -> tuple[str, ...]:
    """A note that all metrics share is said once, another with the name of its metric."""
    notes = list(dict.fromkeys(score.note for score in scores if score.note))
    if len(notes) == 1 and all(score.note for score in scores):
        return tuple(notes)
    return tuple(_named(score) for score in scores if score.note)


def _named(score: Score) -> str:
    """A note of the downstream task names what it is of itself."""
    return score.note if is_segmentation(score.metric) else f"{label(score.metric)}: {score.note}"


def label(metric: str) -> str:
    """How a metric is headed; settings in brackets stay as they were written."""
    name, bracket, settings = metric.partition("[")
    return NAMES.get(metric, name.upper().replace("_", "-") + bracket + settings)


def _summary_cell(
    found: dict[tuple[str, str], Summary], system: str, column: Column, scores: Sequence[Score]
) -> Cell | None:
    line = found.get((system, column.metric))
    if line is None:
        return None
    rivals = [worth(other.mean, column) for (_, metric), other in found.items() if metric == column.metric]
    best = len(rivals) > 1 and line.n > 0 and worth(line.mean, column) == max(rivals)
    spread = f" ±\u00a0{column.words(line.sd)}" if line.n > 1 else ""
    missing = f", nan {line.n_nan}, inf {line.n_inf}" if line.n_nan or line.n_inf else ""
    repeated = f" of {line.volumes} volumes" if line.volumes != line.n else ""
    small = interval_words(interval(scores, system, column.metric), column)
    small += [f"median {column.words(line.median)}", f"n {line.n}{repeated}{missing}"]
    pairs = paired(scores, system, column.metric) if system != OWN else []
    lost = sum(worth(own, column) > worth(other, column) for own, other in pairs)
    small += [f"beaten {lost} of {len(pairs)}"] if pairs else []
    return Cell(column.words(line.mean) + spread, best, tuple(small), line.mean)


def interval(scores: Iterable[Score], system: str, metric: str) -> Estimate:
    """Of the mean over subjects with a finite value, 95 %; nan ends below three."""
    own = [(s.subject, s.value) for s in scores if (s.system, s.metric) == (system, metric) and math.isfinite(s.value)]
    values = np.array(list(by_subject(own).values()))
    return bootstrapped(values, np.mean) if values.size else Estimate(math.nan)


def interval_words(found: Estimate, column: Column) -> list[str]:
    if math.isnan(found.low):
        return []
    return [f"95 % {column.words(found.low)} … {column.words(found.high)}"]


def paired(scores: Sequence[Score], system: str, metric: str) -> list[tuple[float, float]]:
    """(translation, control) of every case where both are finite."""
    values = {(s.case, s.system): s.value for s in scores if s.metric == metric and math.isfinite(s.value)}
    cases = [case for case, name in values if name == OWN and (case, system) in values]
    return [(values[case, OWN], values[case, system]) for case in cases]

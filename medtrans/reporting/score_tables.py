"""Score tables: one row per system over all cases, and one group of rows per case, the worst case first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from medtrans.core.score import TRANSLATED, MetricId, Score
from medtrans.evaluating.columns import Column, columns, goodness, metric_label, paired, systems
from medtrans.evaluating.segmentation.class_metrics import COUNTS, is_segmentation
from medtrans.evaluating.statistics.intervals import Estimate, mean_interval
from medtrans.evaluating.statistics.summary import Summary, by_subject, summarise
from medtrans.reporting.table_cells import Cell, Group, Line


def overview(scores: Sequence[Score]) -> list[Line]:
    """Mean ± standard deviation; below it interval, median, counts and the number of cases won against a baseline."""
    summaries = {(line.system, line.metric): line for line in summarise(scores)}
    heads = columns(scores)
    return [
        Line(system, tuple(_summary_cell(summaries, system, head, scores) for head in heads))
        for system in systems(scores)
    ]


def groups(scores: Sequence[Score]) -> list[Group]:
    """Cases ordered by the first metric of the translation, the worst first; cases without a value before all."""
    cases: dict[str, list[Score]] = {}
    for score in scores:
        cases.setdefault(score.case, []).append(score)
    heads = columns(scores)
    order = sorted(cases, key=lambda case: _badness(cases[case], heads[0]), reverse=True)
    return [Group(case, cases[case][0].subject, _case_lines(cases[case], heads)) for case in order]


def worst_to_best(scores: Sequence[Score], count: int) -> list[str]:
    """At most `count` cases at equal steps from the worst to the best: for three, the worst, the median, the best."""
    cases = [group.case for group in groups(scores)]
    places = np.linspace(0, len(cases) - 1, min(count, len(cases)))
    return [cases[int(place)] for place in places]


def values_by_system(scores: Sequence[Score]) -> dict[MetricId, dict[str, list[float]]]:
    """Metric → system → values of all cases, for the strip charts."""
    found: dict[MetricId, dict[str, list[float]]] = {}
    for system in systems(scores):
        for score in scores:
            if score.system == system:
                found.setdefault(score.metric, {}).setdefault(system, []).append(score.value)
    return found


def interval(scores: Iterable[Score], system: str, metric: MetricId) -> Estimate:
    """Mean over subjects with a finite value, with its 95 % interval; nan ends below three subjects."""
    own = [(s.subject, s.value) for s in scores if (s.system, s.metric) == (system, metric) and math.isfinite(s.value)]
    values = np.array(list(by_subject(own).values()))
    return mean_interval(values) if values.size else Estimate(math.nan)


def wins(scores: Sequence[Score], system: str, column: Column) -> tuple[int, int]:
    """Cases in which the translation has the better finite value, and cases in which both have one."""
    pairs = paired(scores, system, column.metric)
    return sum(goodness(a, column.direction) > goodness(b, column.direction) for a, b in pairs), len(pairs)


def _badness(scores: Sequence[Score], column: Column) -> tuple[bool, float]:
    own = [score.value for score in scores if score.system == TRANSLATED and score.metric == column.metric]
    missing = not own or math.isnan(own[0])
    return missing, 0.0 if missing else -goodness(own[0], column.direction)


def _case_lines(scores: Sequence[Score], heads: Sequence[Column]) -> tuple[Line, ...]:
    found = {(score.system, score.metric): score for score in scores}
    lines = []
    for system in systems(scores):
        own = [found.get((system, head.metric)) for head in heads]
        cells = [_case_cell(score, head, scores) for score, head in zip(own, heads, strict=True)]
        lines.append(Line(system, tuple(cells), _notes([score for score in own if score is not None])))
    return tuple(lines)


def _case_cell(score: Score | None, head: Column, scores: Sequence[Score]) -> Cell | None:
    """Bold where it is the best of several values."""
    if score is None:
        return None
    rivals = [goodness(other.value, head.direction) for other in scores if other.metric == head.metric]
    best = len(rivals) > 1 and not math.isnan(score.value) and goodness(score.value, head.direction) == max(rivals)
    text = f"{score.value:.0f}" if score.metric.name in COUNTS else head.text(score.value)
    return Cell(text, best, value=score.value)


def _notes(scores: Sequence[Score]) -> tuple[str, ...]:
    """A note shared by all metrics appears once; another with the label of its metric."""
    notes = list(dict.fromkeys(score.note for score in scores if score.note))
    if len(notes) == 1 and all(score.note for score in scores):
        return tuple(notes)
    return tuple(_labelled_note(score) for score in scores if score.note)


def _labelled_note(score: Score) -> str:
    """A note about classes of a label map names them."""
    return score.note if is_segmentation(score.metric) else f"{metric_label(score.metric)}: {score.note}"


def _summary_cell(
    summaries: Mapping[tuple[str, MetricId], Summary], system: str, column: Column, scores: Sequence[Score]
) -> Cell | None:
    line = summaries.get((system, column.metric))
    if line is None:
        return None
    means = [
        goodness(other.mean, column.direction) for (_, metric), other in summaries.items() if metric == column.metric
    ]
    best = len(means) > 1 and line.n > 0 and goodness(line.mean, column.direction) == max(means)
    deviation = f" ±\u00a0{column.text(line.sd)}" if line.n > 1 else ""
    return Cell(column.text(line.mean) + deviation, best, _small_print(line, system, column, scores), line.mean)


def _small_print(line: Summary, system: str, column: Column, scores: Sequence[Score]) -> tuple[str, ...]:
    """Interval of the mean, median, n, and cases won against a baseline."""
    ends = interval(scores, system, column.metric)
    parts = [] if math.isnan(ends.low) else [f"95 % {column.text(ends.low)} … {column.text(ends.high)}"]
    missing = f", nan {line.n_nan}, inf {line.n_inf}" if line.n_nan or line.n_inf else ""
    repeated = f" of {line.volumes} volumes" if line.volumes != line.n else ""
    parts += [f"median {column.text(line.median)}", f"n {line.n}{repeated}{missing}"]
    won, pairs = wins(scores, system, column) if system != TRANSLATED else (0, 0)
    return (*parts, f"won {won} of {pairs}") if pairs else tuple(parts)

"""Comparison of evaluations of the same cases: ranks, intervals and paired tests by metric.

Only scores of one definition, of the same cases and of the same voxels are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from medtrans.core.errors import UsageError
from medtrans.core.score import TRANSLATED, Definition, Direction, Evaluation, MetricId, Score
from medtrans.core.suggestions import did_you_mean
from medtrans.core.tables import text_table, to_csv
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.columns import count_text
from medtrans.evaluating.known_operator import METRICS as OPERATOR_METRICS
from medtrans.evaluating.primary_metrics import primary_metrics
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.statistics.intervals import (
    COVERAGE_NOTE,
    MIN_SUBJECTS_FOR_BOOTSTRAP,
    MIN_SUBJECTS_FOR_INTERVAL,
)
from medtrans.evaluating.statistics.paired import MIN_SUBJECTS_FOR_TEST, needed_subjects
from medtrans.evaluating.statistics.ranking import SystemRank, holm, rank_systems
from medtrans.evaluating.statistics.summary import by_subject
from medtrans.evaluating.training_baselines import INTENSITY_LOOKUP
from medtrans.evaluating.uncertainty import METRICS as UNCERTAINTY_METRICS

BASELINE = "baseline: "
"""Prefix of the systems that are baselines."""
FEW_SUBJECTS_NOTE = (
    f"Below {MIN_SUBJECTS_FOR_TEST} subjects no test can reach p < 0.05, below {MIN_SUBJECTS_FOR_INTERVAL} there is no "
    "interval."
)
OPTIONAL_CLAUSES = (COPIED_SOURCE, INTENSITY_LOOKUP, *UNCERTAINTY_METRICS, *OPERATOR_METRICS)
"""Subjects of clauses that change no other score: a baseline, and metrics that only some runs have."""
MAX_NAMES = 5
HASHED = ("mask", "target")
"""Roles of which an evaluation has hashes: of another mask, the target in it differs too."""


@dataclass(frozen=True)
class RankTable:
    """Systems by one metric, the best mean rank first.

    p of a primary metric is corrected by Holm over the runs and all primary metrics, that of baselines never.
    """

    metric: MetricId
    unit: str
    direction: Direction
    lines: tuple[SystemRank, ...]
    margin: float | None = None
    """Pre-specified equivalence margin."""
    primary: bool = True


@dataclass(frozen=True)
class Comparison:
    """Rank tables of the evaluations in `names` and of the baselines of the first."""

    definition: Definition
    subjects: int
    names: tuple[str, ...]
    tables: tuple[RankTable, ...]

    @property
    def primary(self) -> tuple[str, ...]:
        """Labels of the metrics that are tested."""
        return tuple(table.metric.label for table in self.tables if table.primary)

    @property
    def tests(self) -> int:
        """Size of the family: every run but the best, by every primary metric."""
        return len(self.primary) * (len(self.names) - 1)

    @property
    def note(self) -> str:
        """The family of tests and the subjects that it needs; reservations about few subjects."""
        needed, metrics = needed_subjects(self.tests), ", ".join(self.primary)
        family = (
            f"Tested: {metrics} ({count_text(self.tests, 'test')} against the best run, p corrected by Holm; that "
            f"needs n = {needed} subjects or more for p < 0.05, here n = {self.subjects}). Other p are not corrected: "
            "they belong to other metrics or to baselines, and prove nothing."
        )
        few = [FEW_SUBJECTS_NOTE] if self.subjects < MIN_SUBJECTS_FOR_TEST else []
        short = MIN_SUBJECTS_FOR_INTERVAL <= self.subjects < MIN_SUBJECTS_FOR_BOOTSTRAP
        return " ".join([family, *few, *([COVERAGE_NOTE] if short else [])])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "definition": self.definition.to_dict(),
            "subjects": self.subjects,
            "note": self.note,
            "family": {
                "primary": list(self.primary),
                "tests": self.tests,
                "subjects_needed": needed_subjects(self.tests),
            },
            "rankings": {
                table.metric.label: {
                    "metric": table.metric.to_dict(),
                    "unit": table.unit,
                    "direction": table.direction,
                    "equivalence_margin": table.margin,
                    "primary": table.primary,
                    "systems": [asdict(line) for line in table.lines],
                }
                for table in self.tables
            },
        }

    def to_csv(self) -> bytes:
        """One row per metric and system."""
        rows = [(table, line) for table in self.tables for line in table.lines]
        return to_csv([{"metric": table.metric, "primary": table.primary, **asdict(line)} for table, line in rows])

    def to_text(self) -> str:
        """One table for each metric; intervals are of 95 %."""
        head = f"{self.definition.preset}, mask: {self.definition.region}, n = {self.subjects}"
        parts = ["\n".join(filter(None, (head, self.note)))]
        parts += [text_table([_row(table, line) for line in table.lines], left=("note",)) for table in self.tables]
        return "\n\n".join(parts)


def compare_evaluations(
    evaluations: Mapping[str, Evaluation], margins: Mapping[str, float], primary: Sequence[str] = ()
) -> Comparison:
    """Evaluations by name, at least one; `margins` are equivalence margins by the label of a metric.

    `primary` are the labels of the metrics that are tested; empty takes those that the evaluations name, or the first
    of the preset. Raises UsageError on a margin that is not positive, and on an unknown metric.
    """
    first = next(iter(evaluations.values()))
    systems = {name: _scores(one, TRANSLATED) for name, one in evaluations.items()}
    baselines = dict.fromkeys(score.system for score in first.scores if score.system != TRANSLATED)
    others = {f"{BASELINE}{name}": _scores(first, name) for name in baselines}
    systems |= others
    metrics, tested = compared_metrics(evaluations, margins, primary)
    subjects = {score.case: score.subject or score.case for score in first.scores}
    tables = []
    for metric, example in metrics.items():
        values = {name: _by_subject(scores, metric, subjects) for name, scores in systems.items()}
        margin = margins.get(metric.label)
        within = math.nan if margin is None else margin
        lines = tuple(rank_systems(values, example.direction, baselines=others, margin=within))
        tables.append(RankTable(metric, example.unit, example.direction, lines, margin, metric.label in tested))
    corrected = holm({table.metric: table.lines for table in tables if table.primary}, others)
    tables = [replace(table, lines=tuple(corrected.get(table.metric, table.lines))) for table in tables]
    return Comparison(first.definition, len(set(subjects.values())), tuple(evaluations), tuple(tables))


def compared_metrics(
    evaluations: Mapping[str, Evaluation], margins: Mapping[str, float], primary: Sequence[str] = ()
) -> tuple[dict[MetricId, Score], tuple[str, ...]]:
    """The metrics that all evaluations have, with one score of each, and the labels of those that are tested.

    Raises UsageError as `compare_evaluations`.
    """
    metrics = _shared_metrics(evaluations.values())
    labels = [metric.label for metric in metrics]
    tested = primary_metrics(labels, primary or _named_primary(evaluations))
    _refuse_wrong_margins(margins, labels)
    return metrics, tested


def _named_primary(evaluations: Mapping[str, Evaluation]) -> Sequence[str]:
    """The primary metrics that all evaluations name. Raises UsageError where they differ."""
    named = {name: tuple(one.primary) for name, one in evaluations.items()}
    (first, wanted), *others = named.items()
    for name, other in others:
        if set(other) != set(wanted):
            what = f"has the primary metrics {list(other)}, {first} has {list(wanted)}"
            raise UsageError(name, what, "name those of this comparison with --primary")
    return wanted


def refuse_difference(one: Evaluation, other: Evaluation, names: tuple[str, str]) -> None:
    """Raises UsageError where scores of the two must not be compared, naming what differs."""
    _refuse_other_definition(one.definition, other.definition, names)
    ours, theirs = ({score.case for score in each.scores} for each in (one, other))
    if ours != theirs:
        cases = ", ".join(sorted(ours ^ theirs)[:MAX_NAMES])
        raise UsageError(names[1], f"and {names[0]} were not scored on the same cases: {cases}", "run them alike")
    for case in sorted(ours):
        _refuse_other_voxels(case, one.input_hashes.get(case, {}), other.input_hashes.get(case, {}), names)


def _refuse_other_voxels(case: str, one: Mapping[str, str], other: Mapping[str, str], names: tuple[str, str]) -> None:
    """Hashes of what was really compared, by role; a file without them proves nothing."""
    for role in HASHED:
        if role not in one or role not in other:
            what = f"has no hash of the {role} that {case} was scored on, so that nothing shows that it is the same"
            raise UsageError(names[role in one], what, "evaluate it again with this version of medtrans")
        if one[role] != other[role]:
            what = f"{case} was scored on another {role} than in {names[0]}"
            raise UsageError(names[1], what, "give both the same files, evaluating.region and preparing.body_mask")
    if "change" in one and "change" in other and one["change"] != other["change"]:
        what = f"{case} was scored with another change mask than in {names[0]}"
        raise UsageError(names[1], what, "give both the same change masks")


def _refuse_other_definition(one: Definition, other: Definition, names: tuple[str, str]) -> None:
    for name in one.differences(other):
        if name in OPTIONAL_CLAUSES:
            continue
        clauses = [{clause.subject: clause.sentence for clause in each.clauses} for each in (one, other)]
        ours, theirs = (
            found.get(name) or getattr(each, name, None) for found, each in zip(clauses, (one, other), strict=True)
        )
        if ours is None or theirs is None:
            where, sentence = (names[1], theirs) if ours is None else (names[0], ours)
            what = f"only {where} was scored with {sentence!r}"
        else:
            what = f"{name} is {theirs!r}, in {names[0]} it is {ours!r}"
        raise UsageError(names[1], what, "score both alike")


def _refuse_wrong_margins(margins: Mapping[str, float], labels: Sequence[str]) -> None:
    for label, margin in margins.items():
        if label not in labels:
            raise UsageError("--equivalence-margin", f"{label!r} is not compared", did_you_mean(label, labels))
        if not 0 < margin < math.inf:
            what = f"{label}={margin:g} is not an equivalence margin"
            raise UsageError("--equivalence-margin", what, "give a number above 0, specified in advance")


def _shared_metrics(evaluations: Iterable[Evaluation]) -> dict[MetricId, Score]:
    """Metrics that every evaluation has, without those of single classes, and one score of each."""
    found = [{s.metric: s for s in one.scores if s.system == TRANSLATED} for one in evaluations]
    shared = set.intersection(*(set(metrics) for metrics in found))
    return {metric: score for metric, score in found[0].items() if metric in shared and not is_single_class(metric)}


def _scores(evaluation: Evaluation, system: str) -> dict[tuple[str, MetricId], float]:
    return {(score.case, score.metric): score.value for score in evaluation.scores if score.system == system}


def _by_subject(
    scores: Mapping[tuple[str, MetricId], float], metric: MetricId, subjects: Mapping[str, str]
) -> dict[str, float]:
    return by_subject([(subject, scores.get((case, metric), math.nan)) for case, subject in subjects.items()])


def _row(table: RankTable, line: SystemRank) -> dict[str, str]:
    row = {
        str(table.metric): line.system,
        "mean": f"{line.mean:.3f}",
        "interval": _interval(line.low, line.high),
        "rank": f"{line.rank} ({_interval(line.rank_low, line.rank_high, 0)})",
        "difference": "" if line.reference else f"{line.difference:+.3f}",
        "interval ": "" if line.reference else _interval(line.difference_low, line.difference_high),
        "p (Holm)" if table.primary else "p, not corrected": "" if line.reference else _p(line, table.primary),
        "effect": "" if line.reference else _number(line.effect, 2),
    }
    if table.margin is not None:
        row[f"p within ±{table.margin:g}"] = "" if line.reference else _number(line.equivalence_p)
    return {**row, "note": line.note}


def _p(line: SystemRank, primary: bool) -> str:
    """In brackets where it is not corrected in a column of corrected ones."""
    text = _number(line.p)
    return f"({text})" if text and primary and line.system.startswith(BASELINE) else text


def _interval(low: float, high: float, digits: int = 3) -> str:
    return "–" if math.isnan(low) else f"{low:.{digits}f} … {high:.{digits}f}"


def _number(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"

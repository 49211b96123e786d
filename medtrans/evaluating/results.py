"""Results of an evaluation: as JSON, as CSV, and as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from medtrans.core import tables
from medtrans.core.finding import Verdict
from medtrans.core.score import TRANSLATED, Definition, Evaluation, Score
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.segmentation.table import to_text as structures_to_text
from medtrans.evaluating.statistics.summary import Summary, summarise
from medtrans.evaluating.verdicts import verdicts

FAILED = "failed"
"""Name of the rows of cases that could not be scored."""
WHOSE = ("case", "subject", "scanner", "system")
COLUMNS = (*WHOSE, "metric", "tissue", "structure", "value", "unit", "direction", "note")
INTERVAL = {"low": "95 % from", "high": "95 % to"}
"""Field of a summary → its row in the terminal, where they differ."""
MEANING = ("preset", "low", "high", "region", "definition")


def to_json(evaluation: Evaluation, convergence: Verdict | None = None) -> str:
    """Strict JSON with the verdicts and a summary of the translations and of each baseline; see Evaluation.to_dict."""
    summary: dict[str, dict[str, Any]] = {}
    for line in summarise(evaluation.scores):
        facts = {key: value for key, value in asdict(line).items() if key not in ("system", "metric")}
        summary.setdefault(line.system, {})[line.metric.label] = facts
    found = [asdict(verdict) for verdict in verdicts(evaluation, convergence)]
    return evaluation.to_json(verdicts=found, summary=summary.pop(TRANSLATED, {}), baselines=summary)


def to_csv(evaluation: Evaluation) -> bytes:
    """One row per score and per failed case; the definition in words stands in the first alone.

    `tissue` and `structure` are those that a metric is taken over, `scanner` is that of the table of cases.
    """
    meaning = evaluation.definition
    shared = dict(zip(MEANING, (meaning.preset, *meaning.value_range, meaning.region), strict=False))
    rows = [_long_row(score, evaluation) | shared for score in evaluation.scores]
    for case, finding in evaluation.failed.items():
        whose = {"case": case, "subject": case, "system": TRANSLATED}
        rows.append({**whose, "metric": FAILED, "value": math.nan, "note": finding.what, **shared})
    if rows:
        rows[0][MEANING[-1]] = " ".join(clause.sentence for clause in meaning.clauses)
    return tables.to_csv(rows, (*COLUMNS, *MEANING))


def to_wide_csv(evaluation: Evaluation) -> bytes:
    """One row per case and system, one column per metric; a failed case has its reason instead of scores."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    metrics = dict.fromkeys(score.metric.label for score in evaluation.scores)
    for score in evaluation.scores:
        key = score.case, score.system
        whose = {"subject": score.subject, "scanner": evaluation.scanners.get(score.case, "")}
        row = rows.setdefault(key, dict(zip(("case", "system"), key, strict=True)) | whose)
        row[score.metric.label] = score.value
    for case, finding in evaluation.failed.items():
        rows.setdefault((case, TRANSLATED), {"case": case, "system": TRANSLATED})[FAILED] = finding.what
    return tables.to_csv(list(rows.values()), (*WHOSE, *metrics, FAILED))


def _long_row(score: Score, evaluation: Evaluation) -> dict[str, Any]:
    more = {
        "scanner": evaluation.scanners.get(score.case, ""),
        "tissue": dict(score.metric.settings).get("tissue", ""),
        "structure": score.metric.region,
    }
    return {name: more[name] if name in more else getattr(score, name) for name in COLUMNS}


def to_text(evaluation: Evaluation) -> str:
    """A table for the terminal: each case, the summary, and the definition of the numbers."""
    scores = [score for score in evaluation.scores if not is_single_class(score.metric)]
    if not scores:
        return "nothing was scored\n"
    summaries = summarise(scores)
    structures = structures_to_text(evaluation.structures)
    parts = [_table(scores, summaries), *([structures] if structures else []), verdict_lines(verdicts(evaluation))]
    lines = [_region(evaluation.definition), *map(_counts, summaries)]
    lines += [f"{_label(score.case, score.system)} {score.metric}: {score.note}" for score in scores if score.note]
    if evaluation.failed:
        cases = len({score.case for score in scores} | evaluation.failed.keys())
        lines.append(f"{FAILED}: {len(evaluation.failed)} of {cases} cases: {', '.join(evaluation.failed)}")
    lines += [clause.sentence for clause in evaluation.definition.clauses]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def verdict_lines(found: Sequence[Verdict]) -> str:
    """One line for each verdict: those that fail first, those that pass last."""
    said = sorted((one for one in found if one.outcome != "pass"), key=lambda one: one.outcome != "fail")
    passed = [one for one in found if one.outcome == "pass"]
    return "\n".join(f"{one.outcome.upper()}: {one.question} {one.reason}" for one in [*said, *passed])


def _table(scores: Sequence[Score], summaries: Sequence[Summary]) -> str:
    rows: dict[str, dict[str, float]] = {}
    for score in scores:
        rows.setdefault(_label(score.case, score.system), {})[score.metric.label] = score.value
    for name in ("mean", "low", "high", "sd", "median", "min", "max"):
        for line in summaries:
            values = rows.setdefault(_label(INTERVAL.get(name, name), line.system), {})
            values[line.metric.label] = getattr(line, name)
    metrics = list(dict.fromkeys(score.metric.label for score in scores))
    cells = [
        {"": label, **{metric: f"{values.get(metric, math.nan):.4f}" for metric in metrics}}
        for label, values in rows.items()
    ]
    return tables.text_table(cells)


def _region(meaning: Definition) -> str:
    low, high = meaning.value_range
    return f"preset {meaning.preset}, range {low:g} … {high:g}, mask: {meaning.region}"


def _counts(line: Summary) -> str:
    repeated = f" subjects ({line.volumes} volumes)" if line.volumes != line.n else ""
    counts = f"n {line.n}{repeated}, nan {line.n_nan}, inf {line.n_inf}"
    return f"{_label(str(line.metric), line.system)}: {counts}, unit {line.unit or '1'}"


def _label(word: str, system: str) -> str:
    return word if system == TRANSLATED else f"{word} ({system})"

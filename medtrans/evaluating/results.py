"""What was found of a set of translations: as JSON, as CSV, and as a table for the shell."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from medtrans.core.metric import Definition, Score
from medtrans.core.strict_json import to_strict_json
from medtrans.evaluating.measurements import Measurement
from medtrans.evaluating.segmentation.structures import Structure, is_single_class
from medtrans.evaluating.segmentation.table import rows as structure_rows
from medtrans.evaluating.segmentation.table import to_lines
from medtrans.evaluating.statistics.summary import summarise

TRANSLATED = "translated"
"""Who is judged; every other `who` among scores is a control."""
NOT_ASSESSED = "not assessed"


@dataclass(frozen=True)
class Evaluation:
    """Scores, what they mean, and the cases that could not be assessed (name → why)."""

    definition: Definition
    scores: Sequence[Score]
    refused: Mapping[str, str] = field(default_factory=dict)
    structures: Sequence[Structure] = ()
    """Of the downstream task."""
    measurements: Sequence[Measurement] = ()
    """What targets and translations are read for."""
    scored_on: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Case → hashes of its target and its mask."""


def to_json(evaluation: Evaluation) -> str:
    """Strict JSON: nan is null, infinity the string "inf"; what there is to say of a score stands under `notes`."""
    cases: dict[str, dict[str, Any]] = {}
    for score in evaluation.scores:
        place = cases.setdefault(score.case, {"name": score.case, "subject": score.subject, "scores": {}})
        if score.case in evaluation.scored_on:
            place["scored_on"] = dict(evaluation.scored_on[score.case])
        if score.system != TRANSLATED:
            place = place.setdefault("controls", {}).setdefault(score.system, {"scores": {}})
        place["scores"][score.metric] = score.value
        if score.note:
            place.setdefault("notes", {})[score.metric] = score.note
    summary: dict[str, Any] = {}
    for line in summarise(evaluation.scores):
        facts = {key: value for key, value in asdict(line).items() if key not in ("system", "metric")}
        summary.setdefault(line.system, {})[line.metric] = facts
    meaning = asdict(evaluation.definition)
    document = {
        "definition": {"preset": meaning.pop("preset"), "range": meaning.pop("value_range"), **meaning},
        "cases": list(cases.values()),
        "summary": summary.pop(TRANSLATED, {}),
        "controls": summary,
        "not_assessed": dict(evaluation.refused),
    }
    if evaluation.structures:
        document["downstream"] = structure_rows(evaluation.structures)
    if evaluation.measurements:
        document["quantities"] = [asdict(one) for one in evaluation.measurements]
    return to_strict_json(document)


def to_csv(evaluation: Evaluation) -> bytes:
    """One row per score and per case not assessed, the definition repeated in each: a table that can be read alone."""
    meaning, text = evaluation.definition, io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    own = ["case", "subject", "system", "metric", "value", "unit", "direction", "note"]
    table.writerow([*own, "preset", "low", "high", "mask", "details"])
    said = [meaning.preset, *meaning.value_range, meaning.mask, " ".join(meaning.details)]
    for score in evaluation.scores:
        table.writerow([*(getattr(score, column) for column in own), *said])
    for case, why in evaluation.refused.items():
        table.writerow([case, case, TRANSLATED, NOT_ASSESSED, math.nan, "", "", why, *said])
    return text.getvalue().encode()


def to_text(evaluation: Evaluation) -> str:
    """A table for the shell: each case, the summary, and what the numbers mean."""
    shown = [score for score in evaluation.scores if not is_single_class(score.metric)]
    metrics = list(dict.fromkeys(score.metric for score in shown))
    rows: dict[str, dict[str, float]] = {}
    for score in shown:
        rows.setdefault(_label(score.case, score.system), {})[score.metric] = score.value
    summaries = summarise(shown)
    for word in ("mean", "sd", "median", "min", "max"):
        for line in summaries:
            rows.setdefault(_label(word, line.system), {})[line.metric] = getattr(line, word)
    width = max(map(len, rows), default=0)
    wide = {metric: max(len(metric), 10) for metric in metrics}
    table = [f"{'':{width}}  " + "  ".join(f"{metric:>{wide[metric]}}" for metric in metrics)]
    for label, values in rows.items():
        cells = (f"{values.get(metric, math.nan):{wide[metric]}.4f}" for metric in metrics)
        table.append(f"{label:{width}}  " + "  ".join(cells))
    meaning = evaluation.definition
    told = [
        f"preset {meaning.preset}, range {meaning.value_range[0]:g} … {meaning.value_range[1]:g}, mask: {meaning.mask}"
    ]
    for s in summaries:
        repeated = f" subjects ({s.volumes} volumes)" if s.volumes != s.n else ""
        told.append(
            f"{_label(s.metric, s.system)}: n {s.n}{repeated}, nan {s.n_nan}, inf {s.n_inf}, unit {s.unit or '1'}"
        )
    told += [f"{_label(s.case, s.system)} {s.metric}: {s.note}" for s in shown if s.note]
    if evaluation.refused:
        cases = len({score.case for score in shown} | evaluation.refused.keys())
        told.append(f"{NOT_ASSESSED}: {len(evaluation.refused)} of {cases} cases: {', '.join(evaluation.refused)}")
    classes = ["", *to_lines(evaluation.structures)] if evaluation.structures else []
    if not shown:
        return "nothing was scored\n"
    return "\n".join([*table, *classes, "", *told, *meaning.details]) + "\n"


def _label(word: str, system: str) -> str:
    return word if system == TRANSLATED else f"{word} ({system})"

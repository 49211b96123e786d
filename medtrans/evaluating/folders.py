"""Score a file against a file, or a folder against a folder, matched by name; and write what was found."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medtrans.core.errors import MedtransError, UsageError
from medtrans.core.metric import Definition, Score
from medtrans.evaluating.cases import EVERYTHING, definition, evaluate
from medtrans.evaluating.summary import summarise
from medtrans.reading.files import is_volume, read_volume, stem


@dataclass(frozen=True)
class Evaluation:
    """Scores, what they mean, and the cases that could not be assessed (name → why)."""

    definition: Definition
    scores: Sequence[Score]
    refused: Mapping[str, str] = field(default_factory=dict)


def evaluate_paths(translated: Path, target: Path, mask: Path | None, preset: str) -> Evaluation:
    """Files, or folders whose volumes have the same names. A case that cannot be scored is listed, the rest go on.

    Raises UsageError where nothing can be matched.
    """
    if translated.is_dir() != target.is_dir():
        raise UsageError(translated, "one of translated and target is a folder, the other a file", "give two of a kind")
    cases, refused = _matched(translated, target, mask)
    scores: list[Score] = []
    for name, (one, other, within) in cases.items():
        try:
            read = [read_volume(path) for path in (one, other)]
            body = read_volume(within) if within else None
            scores += evaluate(read[0], read[1], body, preset, case=name)
        except MedtransError as reason:
            refused[name] = str(reason)
    meaning = definition(preset, EVERYTHING if mask is None else f"voxels above 0 of {mask.name}")
    return Evaluation(meaning, scores, refused)


Paths = tuple[Path, Path, Path | None]


def _matched(translated: Path, target: Path, mask: Path | None) -> tuple[dict[str, Paths], dict[str, str]]:
    if not translated.is_dir():
        if mask is not None and mask.is_dir():
            raise UsageError(mask, "is a folder, translated is a file", "give one mask file")
        return {stem(translated): (translated, target, mask)}, {}
    ours, theirs = _volumes(translated), _volumes(target)
    masks = _volumes(mask) if mask is not None and mask.is_dir() else dict.fromkeys(ours, mask)
    names = sorted(ours.keys() & theirs.keys())
    if not names:
        raise UsageError(translated, f"no volume has a partner of its name in {target}", "names must be equal")
    refused = dict.fromkeys(sorted(ours.keys() - theirs.keys()), f"has no partner in {target}")
    refused |= dict.fromkeys(sorted(theirs.keys() - ours.keys()), f"has no partner in {translated}")
    for name in names:
        if mask is not None and name not in masks:
            refused[name] = f"has no mask in {mask}"
    return {name: (ours[name], theirs[name], masks.get(name)) for name in names if name not in refused}, refused


def _volumes(folder: Path) -> dict[str, Path]:
    return {stem(path): path for path in sorted(folder.iterdir()) if is_volume(path)}


def to_json(evaluation: Evaluation) -> str:
    """Strict JSON: nan is null, infinity the string "inf"; a score without a value has its reason under `notes`."""
    cases: dict[str, dict[str, Any]] = {}
    for score in evaluation.scores:
        case = cases.setdefault(score.case, {"name": score.case, "scores": {}})
        if score.who != "translated":
            case = case.setdefault("controls", {}).setdefault(score.who, {"scores": {}})
        case["scores"][score.metric] = _plain(score.value)
        if score.note:
            case.setdefault("notes", {})[score.metric] = score.note
    summary: dict[str, Any] = {}
    for line in summarise(evaluation.scores):
        facts = {key: _plain(value) for key, value in asdict(line).items() if key not in ("who", "metric")}
        summary.setdefault(line.who, {})[line.metric] = facts
    meaning = evaluation.definition
    document = {
        "definition": {
            "preset": meaning.preset,
            "range": list(meaning.value_range),
            "data_range": meaning.data_range,
            "mask": meaning.mask,
            "details": list(meaning.details),
        },
        "cases": list(cases.values()),
        "summary": summary.get("translated", {}) if set(summary) <= {"translated"} else summary,
        "not_assessed": dict(evaluation.refused),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def to_text(evaluation: Evaluation) -> str:
    """A table for the shell: each case, the summary, and what the numbers mean."""
    lines, names = [], list(dict.fromkeys(score.metric for score in evaluation.scores))
    width = max([len(score.case) for score in evaluation.scores] + [6])
    units = {score.metric: score.unit for score in evaluation.scores}
    lines.append(f"{'':{width}}  " + "  ".join(f"{name:>10}" for name in names))
    by_case: dict[str, dict[str, Score]] = {}
    for score in evaluation.scores:
        by_case.setdefault(score.case, {})[score.metric] = score
    for case, found in by_case.items():
        lines.append(f"{case:{width}}  " + "  ".join(f"{found[name].value:10.4f}" for name in names if name in found))
    summary = {line.metric: line for line in summarise(evaluation.scores)}
    for word in ("mean", "sd", "median"):
        lines.append(f"{word:{width}}  " + "  ".join(f"{getattr(summary[name], word):10.4f}" for name in names))
    counts = [
        f"{name}: n {s.n}, nan {s.n_nan}, inf {s.n_inf}, unit {units[name] or '1'}" for name, s in summary.items()
    ]
    meaning = evaluation.definition
    span = f"range {meaning.value_range[0]:g} … {meaning.value_range[1]:g}"
    notes = [f"{score.case} {score.metric}: {score.note}" for score in evaluation.scores if score.note]
    told = [f"preset {meaning.preset}, {span}, mask: {meaning.mask}", *counts, *notes, *meaning.details]
    return "\n".join([*lines, "", *told]) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def to_csv(evaluation: Evaluation) -> bytes:
    """One row per score, the definition repeated in each: a table that can be read alone."""
    meaning, text = evaluation.definition, io.StringIO()
    columns = ["case", "subject", "who", "metric", "value", "unit", "better", "note", "preset", "low", "high", "mask"]
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for s in evaluation.scores:
        own = [s.case, s.subject, s.who, s.metric, repr(s.value), s.unit, s.better, s.note]
        table.writerow([*own, meaning.preset, *meaning.value_range, meaning.mask])
    return text.getvalue().encode()

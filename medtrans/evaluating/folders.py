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

TRANSLATED = "translated"
"""Who is judged; every other `who` among scores is a control."""


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
    meaning = definition(preset, EVERYTHING if mask is None else f"voxels above 0 of {mask.name}")
    cases, refused = _matched(translated, target, mask)
    scores: list[Score] = []
    for name, (one, other, within) in cases.items():
        try:
            body = read_volume(within) if within else None
            scores += evaluate(read_volume(one), read_volume(other), body, preset, case=name)
        except MedtransError as reason:
            refused[name] = str(reason).removeprefix(f"{name}: ")
    return Evaluation(meaning, scores, refused)


Paths = tuple[Path, Path, Path | None]


def _matched(translated: Path, target: Path, mask: Path | None) -> tuple[dict[str, Paths], dict[str, str]]:
    if translated.is_dir() != target.is_dir():
        raise UsageError(translated, "one of translated and target is a folder, the other a file", "give two of a kind")
    if not translated.is_dir():
        if mask is not None and mask.is_dir():
            raise UsageError(mask, "is a folder, translated is a file", "give one mask file")
        return {stem(translated): (translated, target, mask)}, {}
    ours, theirs = _volumes(translated), _volumes(target)
    if not ours.keys() & theirs.keys():
        raise UsageError(translated, f"no volume has a partner of its name in {target}", "names must be equal")
    masks = _volumes(mask) if mask is not None and mask.is_dir() else None
    refused: dict[str, str] = {}
    for name in sorted(ours.keys() | theirs.keys()):
        lacks = [folder for folder, has in ((translated, ours), (target, theirs), (mask, masks)) if _lacks(has, name)]
        if lacks:
            refused[name] = f"not assessed: no volume of that name in {lacks[0]}"
    names = sorted(ours.keys() - refused.keys())
    return {name: (ours[name], theirs[name], mask if masks is None else masks[name]) for name in names}, refused


def _lacks(volumes: Mapping[str, Path] | None, name: str) -> bool:
    return volumes is not None and name not in volumes


def _volumes(folder: Path) -> dict[str, Path]:
    """Name → volume. Raises UsageError where two files would be one case."""
    found: dict[str, Path] = {}
    for path in sorted(filter(is_volume, folder.iterdir())):
        if stem(path) in found:
            raise UsageError(folder, f"{found[stem(path)].name} and {path.name} have one name", "keep one of them")
        found[stem(path)] = path
    return found


def to_json(evaluation: Evaluation) -> str:
    """Strict JSON: nan is null, infinity the string "inf"; what there is to say of a score stands under `notes`."""
    cases: dict[str, dict[str, Any]] = {}
    for score in evaluation.scores:
        place = cases.setdefault(score.case, {"name": score.case, "subject": score.subject, "scores": {}})
        if score.who != TRANSLATED:
            place = place.setdefault("controls", {}).setdefault(score.who, {"scores": {}})
        place["scores"][score.metric] = _plain(score.value)
        if score.note:
            place.setdefault("notes", {})[score.metric] = score.note
    summary: dict[str, Any] = {}
    for line in summarise(evaluation.scores):
        facts = {key: _plain(value) for key, value in asdict(line).items() if key not in ("who", "metric")}
        summary.setdefault(line.who, {})[line.metric] = facts
    meaning = asdict(evaluation.definition)
    document = {
        "definition": {"preset": meaning.pop("preset"), "range": meaning.pop("value_range"), **meaning},
        "cases": list(cases.values()),
        "summary": summary.pop(TRANSLATED, {}),
        "controls": summary,
        "not_assessed": dict(evaluation.refused),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def to_csv(evaluation: Evaluation) -> bytes:
    """One row per score, the definition repeated in each: a table that can be read alone."""
    meaning, text = evaluation.definition, io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    own = ["case", "subject", "who", "metric", "value", "unit", "better", "note"]
    table.writerow([*own, "preset", "low", "high", "mask", "details"])
    said = [meaning.preset, *meaning.value_range, meaning.mask, " ".join(meaning.details)]
    for score in evaluation.scores:
        table.writerow([*(getattr(score, column) for column in own), *said])
    return text.getvalue().encode()


def to_text(evaluation: Evaluation) -> str:
    """A table for the shell: each case, the summary, and what the numbers mean."""
    metrics = list(dict.fromkeys(score.metric for score in evaluation.scores))
    rows: dict[str, dict[str, float]] = {}
    for score in evaluation.scores:
        rows.setdefault(_label(score.case, score.who), {})[score.metric] = score.value
    summaries = summarise(evaluation.scores)
    for word in ("mean", "sd", "median", "min", "max"):
        for line in summaries:
            rows.setdefault(_label(word, line.who), {})[line.metric] = getattr(line, word)
    width = max(map(len, rows), default=0)
    table = [f"{'':{width}}  " + "  ".join(f"{metric:>10}" for metric in metrics)]
    for label, values in rows.items():
        table.append(f"{label:{width}}  " + "  ".join(f"{values.get(metric, math.nan):10.4f}" for metric in metrics))
    meaning = evaluation.definition
    told = [
        f"preset {meaning.preset}, range {meaning.value_range[0]:g} … {meaning.value_range[1]:g}, mask: {meaning.mask}"
    ]
    for s in summaries:
        told.append(f"{_label(s.metric, s.who)}: n {s.n}, nan {s.n_nan}, inf {s.n_inf}, unit {s.unit or '1'}")
    told += [f"{_label(s.case, s.who)} {s.metric}: {s.note}" for s in evaluation.scores if s.note]
    return "\n".join([*table, "", *told, *meaning.details]) + "\n"


def _label(word: str, who: str) -> str:
    return word if who == TRANSLATED else f"{word} ({who})"

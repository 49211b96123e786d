"""Score a file against a file, or a folder against a folder, matched by name; and write what was found."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from medtrans.core.errors import EmptyMask, InputRefused, MedtransError, UsageError
from medtrans.core.metric import Definition, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.cases import EVERYTHING, definition, evaluate
from medtrans.evaluating.downstream import Downstream
from medtrans.evaluating.measures import Asked
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.quantities import Quantity, quantities
from medtrans.evaluating.spreads import SENTENCES, evaluate_spread
from medtrans.evaluating.structures import Structure, of_one_class
from medtrans.evaluating.structures_table import rows as structure_rows
from medtrans.evaluating.structures_table import to_lines
from medtrans.evaluating.summary import summarise
from medtrans.reading.files import is_volume, read_volume, stem

TRANSLATED = "translated"
"""Who is judged; every other `who` among scores is a control."""
SPREAD = "_spread"
"""What the name of a translation's spread has more: ct_spread.nii.gz lies beside ct.nii.gz and is no case itself."""


@dataclass(frozen=True)
class Evaluation:
    """Scores, what they mean, and the cases that could not be assessed (name → why)."""

    definition: Definition
    scores: Sequence[Score]
    refused: Mapping[str, str] = field(default_factory=dict)
    structures: Sequence[Structure] = ()
    """Of the downstream task."""
    quantities: Sequence[Quantity] = ()
    """What targets and translations are read for."""


def evaluate_paths(
    translated: Path,
    target: Path,
    mask: Path | None,
    preset: str,
    *,
    also: Sequence[Asked] = (),
    spread: Path | None = None,
    downstream: Downstream | None = None,
) -> Evaluation:
    """Files, or folders whose volumes have the same names. A case that cannot be scored is listed, the rest go on.

    `spread` holds the standard deviations that the translations come with, in files of their names, with or without
    "_spread". Raises UsageError where nothing can be matched or what is asked for is not known.
    """
    meaning = definition(preset, EVERYTHING if mask is None else f"voxels above 0 of {mask.name}", also)
    if spread is not None:
        meaning = replace(meaning, details=(*meaning.details, *SENTENCES))
    cases, refused = matched(translated, target, mask)
    maps = _spreads(spread, cases) if spread is not None else {}
    scores: list[Score] = []
    structures: list[Structure] = []
    read_for: list[Quantity] = []
    hounsfield = find_preset(preset).kind == "CT"
    for name, (one, other, within) in cases.items():
        try:
            body = _mask(name, within) if within else None
            made, real = read_volume(one), read_volume(other)
            found = evaluate(made, real, body, preset, also=also, case=name)
            if spread is not None:
                found += evaluate_spread(made, real, _spread(name, maps, spread), body, case=name)
            scores += found
            read_for += quantities(made, real, body, hounsfield=hounsfield, case=name, subject=name)
            if downstream:
                structures += downstream.structures(name, name, {TRANSLATED: made}, real)
        except MedtransError as reason:
            refused[name] = str(reason).removeprefix(f"{name}: ")
    if downstream:
        meaning, structures, more = downstream.told(meaning, structures)
        scores += more
    return Evaluation(meaning, scores, refused, structures, read_for)


Paths = tuple[Path, Path, Path | None]


def matched(translated: Path, target: Path, mask: Path | None) -> tuple[dict[str, Paths], dict[str, str]]:
    """Case → its translation, target and mask; and of what has no partner, why. Raises UsageError where nothing has."""
    if translated.is_dir() != target.is_dir():
        raise UsageError(translated, "one of translated and target is a folder, the other a file", "give two of a kind")
    if not translated.is_dir():
        if mask is not None and mask.is_dir():
            raise UsageError(mask, "is a folder, translated is a file", "give one mask file")
        return {stem(translated): (translated, target, mask)}, {}
    ours, theirs = _volumes(translated), _volumes(target)
    ours = {name: ours[name] for name in ours if not (name.endswith(SPREAD) and name.removesuffix(SPREAD) in ours)}
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


def _spreads(spread: Path, cases: Mapping[str, Paths]) -> dict[str, Path]:
    """Case → its spread, as far as they are there; a translation itself is not taken for one."""
    if not spread.is_dir():
        if len(cases) > 1:
            raise UsageError(spread, "is one file, the translations are several", "give a folder of spreads")
        return dict.fromkeys(cases, spread)
    there = _volumes(spread)
    found = {}
    for name, (one, _, _) in cases.items():
        path = there.get(name + SPREAD, there.get(name, one))
        if path.resolve() != one.resolve():
            found[name] = path
    return found


def _spread(name: str, maps: Mapping[str, Path], folder: Path) -> Volume:
    if name not in maps:
        raise InputRefused(name, f"there is no {name}{SPREAD} in {folder}", "translate with --samples")
    return read_volume(maps[name])


def _mask(name: str, path: Path) -> Volume:
    mask = read_volume(path)
    if not (mask.voxels > 0).any():
        raise EmptyMask(name, f"the mask {path} holds no voxel above 0", "give a mask of the body")
    return mask


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
    meaning = {key: _plain(value) for key, value in asdict(evaluation.definition).items()}
    document = {
        "definition": {"preset": meaning.pop("preset"), "range": meaning.pop("value_range"), **meaning},
        "cases": list(cases.values()),
        "summary": summary.pop(TRANSLATED, {}),
        "controls": summary,
        "not_assessed": dict(evaluation.refused),
    }
    if evaluation.structures:
        rows = structure_rows(evaluation.structures)
        document["downstream"] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    if evaluation.quantities:
        document["quantities"] = [
            {key: _plain(value) for key, value in asdict(one).items()} for one in evaluation.quantities
        ]
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
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
    shown = [score for score in evaluation.scores if not of_one_class(score.metric)]
    metrics = list(dict.fromkeys(score.metric for score in shown))
    rows: dict[str, dict[str, float]] = {}
    for score in shown:
        rows.setdefault(_label(score.case, score.who), {})[score.metric] = score.value
    summaries = summarise(shown)
    for word in ("mean", "sd", "median", "min", "max"):
        for line in summaries:
            rows.setdefault(_label(word, line.who), {})[line.metric] = getattr(line, word)
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
        told.append(f"{_label(s.metric, s.who)}: n {s.n}, nan {s.n_nan}, inf {s.n_inf}, unit {s.unit or '1'}")
    told += [f"{_label(s.case, s.who)} {s.metric}: {s.note}" for s in shown if s.note]
    classes = ["", *to_lines(evaluation.structures)] if evaluation.structures else []
    return "\n".join([*table, *classes, "", *told, *meaning.details]) + "\n"


def _label(word: str, who: str) -> str:
    return word if who == TRANSLATED else f"{word} ({who})"

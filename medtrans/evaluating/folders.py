"""Score a file against a file, or a folder against a folder, matched by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused, MedtransError, UsageError
from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import COPY
from medtrans.evaluating.input_checks import doubt_hounsfield, refuse_other_unit
from medtrans.evaluating.measurements import Measurement, measurements
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.results import TRANSLATED, Evaluation
from medtrans.evaluating.scoring import EVERYTHING, definition, evaluate, scored_on
from medtrans.evaluating.segmentation.structures import Structure
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.uncertainty import SENTENCES, evaluate_spread
from medtrans.reading.files import SPREAD, SUBJECT, read_mask, read_volume, stem, volumes_in

SCALED = "Copy of the source: scaled until its 99.5th percentile in the mask is the target's."


def evaluate_paths(
    translated: Path,
    target: Path,
    mask: Path | None,
    preset: str,
    *,
    also: Sequence[MetricSpec] = (),
    spread: Path | None = None,
    source: Path | None = None,
    downstream: SegmentationTask | None = None,
) -> Evaluation:
    """Files, or folders whose volumes have the same names. A case that cannot be scored is listed, the rest go on.

    `spread` holds the standard deviations that the translations come with, in files of their names, with or without
    "_spread". `source` is what they were made of, scored beside them where it is an image of the target's kind. Names
    as sub-01_ses-2 tell the subject; else each case is one. Raises UsageError where nothing can be matched or what is
    asked for is not known.
    """
    meaning = definition(preset, EVERYTHING if mask is None else f"voxels above 0 of {mask.name}", also)
    if spread is not None:
        meaning = replace(meaning, details=(*meaning.details, *SENTENCES))
    if source is not None and find_preset(preset).kind == "MR":
        meaning = replace(meaning, details=(*meaning.details, SCALED))
    cases, refused = matched(translated, target, mask)
    maps = _spreads(spread, cases) if spread is not None else {}
    given = sources(source, cases) if source is not None else {}
    on: dict[str, dict[str, str]] = {}
    scores: list[Score] = []
    structures: list[Structure] = []
    read_for: list[Measurement] = []
    kind = find_preset(preset).kind
    for name, (one, other, within) in cases.items():
        try:
            body = _mask(name, within) if within else None
            made, real = read_volume(one), read_volume(other)
            whose = {"case": name, "subject": subject_of(name)}
            found = evaluate(made, real, body, preset, also=also, **whose)
            refuse_other_unit(name, kind, made.voxels, real.voxels)
            if spread is not None:
                found += evaluate_spread(made, real, _spread(name, maps, spread), body, **whose)
            if name in given and (copy := _as_answer(given[name], real, body, kind)):
                found += evaluate(copy, real, body, preset, also=also, **whose, system=COPY)
            on[name] = scored_on(real, body)
            scores += found
            read_for += measurements(made, real, body, hounsfield=kind == "CT", **whose)
            if downstream:
                structures += downstream.structures(name, whose["subject"], {TRANSLATED: made}, real)
        except MedtransError as reason:
            refused[name] = str(reason).removeprefix(f"{name}: ")
    if downstream:
        meaning, structures, more = downstream.told(meaning, structures)
        scores += more
    return Evaluation(meaning, scores, refused, structures, read_for, on)


def subject_of(name: str) -> str:
    """sub-01 of sub-01_ses-2_T1w; else the name itself."""
    told = SUBJECT.match(name)
    return told[0] if told else name


def _as_answer(path: Path, target: Volume, mask: Volume | None, kind: str) -> Volume | None:
    """The source as if it were the answer; None where it is no sound image of the target's kind on its grid.

    MR has no unit: the source is scaled until its 99.5th percentile in the mask is the target's.
    """
    try:
        source = read_volume(path)
    except InputRefused:
        return None
    alike = source.voxels.shape == target.voxels.shape and source.shares_grid_with(target)
    if not alike or kind == "dose" or not np.isfinite(source.voxels).all():
        return None
    if kind == "CT":
        return None if doubt_hounsfield(source.voxels) else source
    within = mask.voxels[0] > 0 if mask is not None else np.ones(target.shape, bool)
    own, wanted = (float(np.percentile(image.voxels[:, within], 99.5)) for image in (source, target))
    return source.like(source.voxels * np.float32(wanted / own)) if own > 0 else None


Paths = tuple[Path, Path, Path | None]


def matched(translated: Path, target: Path, mask: Path | None) -> tuple[dict[str, Paths], dict[str, str]]:
    """Case → its translation, target and mask; and of what has no partner, why.

    Raises UsageError where nothing has, InputRefused where a path leads nowhere.
    """
    for path in (translated, target, mask):
        if path is not None and not path.exists():
            raise InputRefused(path, "is not there", "check the path")
    if translated.is_dir() != target.is_dir():
        raise UsageError(translated, "one of translated and target is a folder, the other a file", "give two of a kind")
    if not translated.is_dir():
        if mask is not None and mask.is_dir():
            raise UsageError(mask, "is a folder, translated is a file", "give one mask file")
        return {stem(translated): (translated, target, mask)}, {}
    ours, theirs = _volumes(translated), _volumes(target)
    ours = {name: ours[name] for name in ours if not (name.endswith(SPREAD) and name.removesuffix(SPREAD) in ours)}
    if not ours.keys() & theirs.keys():
        example = " and ".join(min(names, default="nothing") for names in (ours, theirs))
        what = f"no volume has a partner of its name in {target} (there are {example})"
        raise UsageError(translated, what, "names before the suffix must be equal: rename or link the files")
    masks = _volumes(mask) if mask is not None and mask.is_dir() else None
    refused: dict[str, str] = {}
    for name in sorted(ours.keys() | theirs.keys()):
        lacks = [folder for folder, has in ((translated, ours), (target, theirs), (mask, masks)) if _lacks(has, name)]
        if lacks:
            refused[name] = f"no volume of that name in {lacks[0]}"
    names = sorted(ours.keys() - refused.keys())
    return {name: (ours[name], theirs[name], mask if masks is None else masks[name]) for name in names}, refused


def sources(source: Path, cases: Iterable[str]) -> dict[str, Path]:
    """Case → the volume of its name in a folder, or the one file for the one case. Raises UsageError."""
    names = list(cases)
    if not source.exists():
        raise InputRefused(source, "is not there", "give what the translations were made of, a volume or a folder")
    if source.is_dir():
        there = _volumes(source)
        return {name: there[name] for name in names if name in there}
    if len(names) > 1:
        raise UsageError(source, "is one file, the translations are several", "give a folder of sources")
    return dict.fromkeys(names, source)


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
    mask = read_mask(path)
    if not (mask.voxels > 0).any():
        raise EmptyMask(name, f"the mask {path} holds no voxel above 0", "give a mask of the body")
    return mask


def _lacks(volumes: Mapping[str, Path] | None, name: str) -> bool:
    return volumes is not None and name not in volumes


def _volumes(folder: Path) -> dict[str, Path]:
    """Name → volume. Raises UsageError where two files would be one case."""
    found: dict[str, Path] = {}
    for path in volumes_in(folder):
        if stem(path) in found:
            raise UsageError(folder, f"{found[stem(path)].name} and {path.name} have one name", "keep one of them")
        found[stem(path)] = path
    return found

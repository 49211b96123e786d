"""Matching of files by name: translation, target, mask, source, standard deviation and change of each case.

A path is a file, a folder of files with the names of the cases, or a pattern as in recipes: made/{subject}_ct.mha.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.evaluating.image_scores import WHOLE_VOLUME
from medtrans.evaluating.mask_arrays import counted_values
from medtrans.reading.formats import supported
from medtrans.reading.names import UNCERTAINTY, stem
from medtrans.reading.patterns import EXAMPLE, files_by_case, is_pattern
from medtrans.reading.volumes import is_volume, volumes_of


@dataclass(frozen=True)
class CaseFiles:
    """Paths of one case; None where there is no such file."""

    translated: Path
    target: Path
    mask: Path | None = None
    source: Path | None = None
    uncertainty: Path | None = None
    change: Path | None = None


@dataclass(frozen=True)
class MatchedFiles:
    """Case → its files, and the cases that lack one."""

    cases: Mapping[str, CaseFiles]
    failed: Mapping[str, Finding]
    region: str
    """Which voxels count, in words."""
    has_source: bool = False


def match_files(
    translated: Path,
    target: Path,
    mask: Path | None,
    *,
    source: Path | None = None,
    uncertainty: Path | None = None,
    change: Path | None = None,
    mask_label: int | None = None,
) -> MatchedFiles:
    """Files of each case, matched by name; `mask_label` is the value in a mask that counts.

    Raises UsageError where nothing matches, InputRefused on a missing path.
    """
    for path in (translated, target, mask, source, uncertainty, change):
        if path is None or is_pattern(path):
            continue
        if not path.exists():
            raise InputRefused(path, "does not exist", "check the path")
        if path.is_file() and not is_volume(path):
            raise InputRefused(path, "is not of a known format", supported())
    region = WHOLE_VOLUME if mask is None else f"{counted_values(mask_label)} of {mask.name}"
    cases, failed = _match(translated, target, mask)
    sources = _beside(source, cases, "sources") if source is not None else {}
    changes = _beside(change, cases, "change masks") if change is not None else {}
    deviations = _deviations(uncertainty, cases) if uncertainty is not None else {}
    matched = {
        name: CaseFiles(*paths, sources.get(name), deviations.get(name), changes.get(name))
        for name, paths in cases.items()
    }
    return MatchedFiles(matched, failed, region, source is not None)


UNLIKE_NAMES = "names before the suffix must be equal; else give patterns, such as FOLDER/{subject}_ct.nii.gz"
Paths = tuple[Path, Path, Path | None]


def _match(translated: Path, target: Path, mask: Path | None) -> tuple[dict[str, Paths], dict[str, Finding]]:
    if not has_several(translated) and not has_several(target):
        if mask is not None and has_several(mask):
            raise UsageError(mask, "is a folder, but the translation is one file", "give one mask file")
        return {stem(translated): (translated, target, mask)}, {}
    if has_several(translated) != has_several(target):
        what = "one of translation and target is a folder, the other a file"
        raise UsageError(translated, what, "give two files or two folders")
    ours, theirs = volumes_by_name(translated), volumes_by_name(target)
    ours = {name: path for name, path in ours.items() if not _is_deviation(name, ours)}
    if not ours.keys() & theirs.keys():
        example = " and ".join(min(names, default="nothing") for names in (ours, theirs))
        what = f"no volume has a partner of its name in {target} (there are {example})"
        raise UsageError(translated, what, UNLIKE_NAMES)
    masks = volumes_by_name(mask) if mask is not None and has_several(mask) else None
    failed = {}
    for name in sorted(ours.keys() | theirs.keys()):
        for role, folder, volumes in (
            ("translation", translated, ours),
            ("target", target, theirs),
            ("mask", mask, masks),
        ):
            if volumes is not None and name not in volumes:
                failed[name] = _missing(name, role, f"no volume of that name in {folder}")
                break
    names = sorted(ours.keys() - failed.keys())
    return {name: (ours[name], theirs[name], mask if masks is None else masks[name]) for name in names}, failed


def _missing(case: str, role: str, what: str) -> Finding:
    return Finding(code=f"missing-{role}", severity="refuse", where=case, what=what, advice=f"add the {role}")


def _beside(path: Path, cases: Iterable[str], role: str) -> dict[str, Path]:
    """Case → the volume of its name in a folder, or the one file for the one case. Raises UsageError."""
    names = list(cases)
    if has_several(path):
        volumes = volumes_by_name(path)
        return {name: volumes[name] for name in names if name in volumes}
    if len(names) > 1:
        raise UsageError(path, "is one file, but there are several translations", f"give a folder of {role}")
    return dict.fromkeys(names, path)


def _deviations(path: Path, cases: Mapping[str, Paths]) -> dict[str, Path]:
    """Case → its standard deviation, where there is one; the translation itself is not taken for it."""
    if not has_several(path):
        return _beside(path, cases, "uncertainty maps")
    volumes = volumes_by_name(path)
    found = {}
    for name, (translated, _, _) in cases.items():
        file = volumes.get(name + UNCERTAINTY, volumes.get(name, translated))
        if file.resolve() != translated.resolve():
            found[name] = file
    return found


def _is_deviation(name: str, volumes: Mapping[str, Path]) -> bool:
    return name.endswith(UNCERTAINTY) and name.removesuffix(UNCERTAINTY) in volumes


def has_several(path: Path) -> bool:
    """Whether it is a folder of volumes or a pattern, not one volume."""
    return is_pattern(path) or (path.is_dir() and not is_volume(path))


def volumes_by_name(folder: Path) -> dict[str, Path]:
    """Case → volume. Raises UsageError where two files have one name, InputRefused where there is none."""
    if is_pattern(folder):
        found = {case: path for case, path in files_by_case(folder).items() if is_volume(path)}
        if not found:
            raise InputRefused(folder, "fits no volume", EXAMPLE)
        return found
    found = {}
    for path in volumes_of(folder):
        if stem(path) in found:
            what = f"{found[stem(path)].name} and {path.name} have one name"
            raise UsageError(folder, what, "keep one of them")
        found[stem(path)] = path
    return found

"""Find cases by patterns or by a table, and split them by subject.

A pattern holds one `*`: what it matches is the case's name. "*_T1.nii.gz" finds sub-01_T1.nii.gz as the source of case
"sub-01"; its target is the file whose `*` matches the same text. A subject's cases always share one split.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, get_args

import numpy as np
from annotated_types import Ge, Lt

from medtrans.core.case import Case, Pair, Split
from medtrans.core.errors import GridMismatch, InputRefused, UsageError
from medtrans.core.settings import Settings
from medtrans.core.volume import Volume
from medtrans.reading.files import read_bytes, read_mask, read_volume, sha256, size_of

LARGEST_TABLE = 1 << 26


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(Settings):
    root: Path = Path()
    """The folder the patterns and the table's paths start from; relative to the recipe."""
    source: str | tuple[str, ...] = "*_source.nii.gz"
    """Pattern of the sources; several become channels."""
    target: str | tuple[str, ...] = ()
    """Pattern of the targets; several become channels."""
    mask: str | None = None
    """Pattern of the masks: voxels that count."""
    table: Path | None = None
    """A CSV instead of patterns: subject, source (or source_1, source_2 …), target …, and optionally name, mask,
    split; every other column is a condition."""
    subject: str = r"^[^_]+"
    """Regular expression that finds the subject in a case's name; with a group, the group."""
    validation: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the subjects that choose the best model."""
    test: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the subjects that are only translated and scored at the end."""
    hold_out: tuple[str, ...] = ()
    """These subjects are the test split, instead of a share, named as `subject` finds them or as in the table's column
    of that name. The table may not give them another split."""
    seed: Annotated[int, Ge(0)] = 0
    """Which subjects fall into which split."""


def find_cases(settings: ReadingSettings, *, pairing: str = "paired") -> list[Case]:
    """All cases, each with its split, sorted by name. Unpaired cases may lack their targets or their sources; cases
    that stand `alone` have their source as their target.

    Raises UsageError where nothing matches, a table is wrong, or a subject would be in two splits.
    """
    if not settings.root.is_dir():
        raise UsageError(settings.root, "is not a folder", "set reading.root, for example --set reading.root=DIR")
    cases = _from_table(settings) if settings.table else _from_patterns(settings, pairing)
    cases = sorted(cases, key=lambda case: case.name)
    if pairing == "alone":
        cases = [replace(case, targets=case.targets or case.sources) for case in cases]
    return _refuse_leaks(_split(cases, settings))


def unmatched_files(settings: ReadingSettings, *, pairing: str = "paired") -> list[Path]:
    """Files that the patterns find and that belong to no case, for another file of the same name is missing."""
    if settings.table:
        return []
    sources = [_matches(settings.root, pattern) for pattern in _several(settings.source)]
    targets = [_matches(settings.root, pattern) for pattern in _several(settings.target)]
    names = _complete(sources, targets, pairing)
    return sorted({path for files in (*sources, *targets) for name, path in files.items() if name not in names})


def load_pair(case: Case) -> Pair:
    """The volumes of a case: several files become channels. Raises GridMismatch, InputRefused."""
    source = _stack(case.sources) if case.sources else None
    target = _stack(case.targets) if case.targets else None
    mask = read_mask(case.mask) if case.mask else None
    first = source or target
    assert first is not None
    for role, other in (("target", target), ("mask", mask)):
        if other is not None and not first.shares_grid_with(other):
            raise GridMismatch(case.name, f"source and {role} differ: {_grids(first, other)}", "register them first")
    return Pair(case, source or first, target, mask)


def _stack(paths: Sequence[Path]) -> Volume:
    volumes = [read_volume(path) for path in paths]
    first = volumes[0]
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        if not first.shares_grid_with(volume):
            raise GridMismatch(path, f"differs from {paths[0].name}: {_grids(first, volume)}", "register them first")
    if len(volumes) == 1:
        return first
    return Volume(np.concatenate([volume.voxels for volume in volumes]), first.affine, first.header)


def _grids(one: Volume, other: Volume) -> str:
    if one.shape != other.shape:
        return f"{one.shape} and {other.shape} voxels"
    corner = np.array([*one.shape, 1.0])
    shift = max(
        np.linalg.norm(one.affine[:3, 3] - other.affine[:3, 3]),
        np.linalg.norm(((one.affine - other.affine) @ corner)[:3]),
    )
    return f"the same number of voxels, but up to {shift:.2f} mm apart"


def _from_patterns(settings: ReadingSettings, pairing: str) -> list[Case]:
    sources = [_matches(settings.root, pattern) for pattern in _several(settings.source)]
    targets = [_matches(settings.root, pattern) for pattern in _several(settings.target)]
    masks = _matches(settings.root, settings.mask) if settings.mask else {}
    if not any(sources):
        raise UsageError(settings.root, f"no file matches {settings.source!r}", "set reading.root and reading.source")
    names = _complete(sources, targets, pairing)
    if not names:
        raise UsageError(settings.root, f"no source has a target {settings.target!r}", "the texts at * must be equal")
    if settings.mask and not names & masks.keys():
        what = f"{settings.mask!r} " + ("matches no case's name" if masks else "matches no file")
        raise UsageError("reading.mask", f"{what} in {settings.root}", "mend the pattern, or leave it out")
    return [
        Case(
            subject=_subject(name, settings.subject),
            name=name.replace("/", "_"),
            sources=_all_or_none(name, sources),
            targets=_all_or_none(name, targets),
            mask=masks.get(name),
        )
        for name in names
    ]


def _complete(sources: Sequence[Mapping[str, Path]], targets: Sequence[Mapping[str, Path]], pairing: str) -> set[str]:
    """The names that make a case: with all files of both sides, or, where there are no pairs, of one side."""
    wanted = [*sources, *targets] if pairing == "paired" else sources
    names = set.intersection(*map(set, wanted)) if wanted else set()
    if pairing != "paired" and targets:
        names |= set.intersection(*map(set, targets))
    return names


def _several(pattern: str | tuple[str, ...]) -> tuple[str, ...]:
    return (pattern,) if isinstance(pattern, str) else pattern


def _all_or_none(name: str, found: Sequence[Mapping[str, Path]]) -> tuple[Path, ...]:
    return tuple(files[name] for files in found) if all(name in files for files in found) else ()


def _matches(root: Path, pattern: str) -> dict[str, Path]:
    """What `*` stands for → the file."""
    if pattern.count("*") != 1:
        raise UsageError(f"pattern {pattern!r}", "needs exactly one *", "for example '*_T1.nii.gz' or '*/t1.nii.gz'")
    before, after = pattern.split("*")
    found = {}
    for path in root.glob(pattern):
        text = path.relative_to(root).as_posix()
        found[text[len(before) : len(text) - len(after)]] = path
    return found


def _subject(name: str, expression: str) -> str:
    try:
        found = re.search(expression, name)
    except re.error as reason:
        raise UsageError("reading.subject", f"{expression!r} is no regular expression ({reason})", "mend it") from None
    if not found:
        raise UsageError(
            f"case {name}", f"reading.subject {expression!r} finds no subject in it", "mend the expression"
        )
    return found.group(found.re.groups and 1)


def _from_table(settings: ReadingSettings) -> list[Case]:
    table = settings.table
    assert table is not None
    try:
        text = read_bytes(table, LARGEST_TABLE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(table, "is not text in UTF-8", "save it as CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    columns = reader.fieldnames or []
    if "subject" not in columns or not any(re.fullmatch(r"source(_\d+)?", column) for column in columns):
        raise UsageError(
            table, f"has the columns {', '.join(columns)}", "subject and source (or source_1 …) are needed"
        )
    doubled = _first_repeated(filter(None, columns))
    if doubled:
        raise UsageError(table, f"has two columns named {doubled!r}", "rename or remove one")
    try:
        rows = list(reader)
    except csv.Error as reason:
        raise UsageError(f"{table}, line {reader.line_num}", str(reason), "save it as CSV") from None
    if not rows:
        raise UsageError(table, "has no rows", "add a case")
    cases = [_row(settings, row, f"{table}, line {number}") for number, row in enumerate(rows, start=2)]
    twice = _first_repeated(case.name for case in cases)
    if twice:
        raise UsageError(table, f"names the case {twice} twice", "give each row a name of its own in a column `name`")
    return cases


def _row(settings: ReadingSettings, row: Mapping[str | None, str], where: str) -> Case:
    if None in row or None in row.values():
        raise UsageError(where, "has more or fewer cells than the table has columns", "mend the line")
    cells = {str(column): value.strip() for column, value in row.items()}
    subject, split = cells.pop("subject"), cells.pop("split", "") or None
    if not subject:
        raise UsageError(where, "names no subject", "fill the column subject")
    if split is not None and split not in get_args(Split):
        raise UsageError(where, f"has the split {split!r}", "choose from: " + ", ".join(get_args(Split)))
    files = {role: _files(settings.root, cells, role, where) for role in ("source", "target", "mask")}
    name = cells.pop("name", "") or (subject if not files["source"] else Path(files["source"][0]).name.split(".")[0])
    wrong = next((column for column, value in cells.items() if value and not _number(value)), None)
    if wrong is not None:
        what = f"{cells[wrong]!r} is no finite number"
        raise UsageError(f"{where}, column {wrong}", what, "conditions are numbers; leave empty what is not known")
    condition = {column: float(value) for column, value in cells.items() if value}
    mask = files["mask"][0] if files["mask"] else None
    return Case(subject, name, files["source"], files["target"], mask, split, condition)  # type: ignore[arg-type]


def _files(root: Path, cells: dict[str, str], role: str, where: str) -> tuple[Path, ...]:
    columns = sorted(
        (name for name in cells if re.fullmatch(rf"{role}(_\d+)?", name)), key=lambda name: (len(name), name)
    )
    paths = [(column, root / text) for column in columns if (text := cells.pop(column))]
    for column, path in paths:
        if not path.is_file():
            raise UsageError(f"{where}, column {column}", f"{path} is not there", "paths start from reading.root")
    return tuple(path for _, path in paths)


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _split(cases: list[Case], settings: ReadingSettings) -> list[Case]:
    given: dict[str, set[Split]] = {}
    for case in cases:
        given.setdefault(case.subject, set()).update({case.split} if case.split else set())
    for subject, splits in given.items():
        if len(splits) > 1:
            raise UsageError(
                f"subject {subject}", f"is in the splits {', '.join(sorted(splits))}", "give each one split"
            )
    drawn = _drawn(sorted(subject for subject, splits in given.items() if not splits), settings)
    chosen = {subject: next(iter(splits)) if splits else drawn[subject] for subject, splits in given.items()}
    unknown = set(settings.hold_out) - set(given)
    if unknown:
        raise UsageError("reading.hold_out", f"no subject is called {sorted(unknown)[0]!r}", "see reading.subject")
    for subject in settings.hold_out:
        if chosen[subject] != "test":
            what = f"{subject} is held out, but its split in the table is {chosen[subject]}"
            raise UsageError("reading.hold_out", what, "change one of the two")
    return [replace(case, split=chosen[case.subject]) for case in cases]


def _drawn(subjects: list[str], settings: ReadingSettings) -> dict[str, Split]:
    """A split for each subject: those held out, a share of the rest, and training for all others."""
    out: dict[str, Split] = dict.fromkeys(subjects, "train")
    rest = [subject for subject in subjects if subject not in settings.hold_out]
    order = [rest[i] for i in np.random.default_rng(settings.seed).permutation(len(rest))]
    tests = 0 if settings.hold_out else _share(settings.test, len(order))
    out.update(dict.fromkeys(order[:tests], "test"))
    out.update(dict.fromkeys(order[tests : tests + _share(settings.validation, len(order))], "validation"))
    out.update({subject: "test" for subject in settings.hold_out if subject in out})
    return out


def _share(share: float, count: int) -> int:
    """At least one subject where any share is asked for and three are there; never all."""
    return min(max(round(share * count), 1), count - 2) if share and count >= 3 else 0


def _refuse_leaks(cases: list[Case]) -> list[Case]:
    """The same bytes under two subjects in two splits is a leak, whatever the names say."""
    sizes: dict[int, list[tuple[Case, Path]]] = {}
    for case in cases:
        for path in (*case.sources, *case.targets):
            sizes.setdefault(size_of(path), []).append((case, path))
    for alike in sizes.values():
        if len({case.split for case, _ in alike}) < 2:
            continue
        seen: dict[str, tuple[Case, Path]] = {}
        for case, path in alike:
            other, twin = seen.setdefault(sha256(path), (case, path))
            if other.split != case.split:
                where = f"{twin.name} ({other.split}) and {path.name} ({case.split})"
                raise InputRefused(where, "are the same file in two splits", "give both the same subject")
    return cases

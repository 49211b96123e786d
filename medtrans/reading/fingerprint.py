"""Fingerprint of a folder: which images of which subjects and sessions it holds, by names and headers.

Files whose paths differ in the subject and the session alone are one image: `sub-01/anat/sub-01_T1w.nii.gz` is of the
image {subject}/anat/{subject}_T1w.nii.gz, `p07_T1.nii.gz` of *_T1.nii.gz, `1BA001/mr.mha` of {subject}/mr.mha. Where
the folder holds a table of cases, its columns are the images.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from medtrans.core.case import Case
from medtrans.core.errors import InputRefused, MedtransError
from medtrans.core.finding import Finding
from medtrans.reading.checks import unreadable
from medtrans.reading.extents import Extent, voxel_and_field
from medtrans.reading.formats import supported
from medtrans.reading.names import CONTRAST, stem, suffix_of
from medtrans.reading.patterns import Key, Pattern
from medtrans.reading.storage import entries_of
from medtrans.reading.tables import cases_in_table, is_of_cases, tables_in
from medtrans.reading.volumes import read_grid, volumes_in

SKIPPED = {"derivatives", "code", "sourcedata", "runs"}
"""Folders that hold no images as they were taken, by the rules of BIDS, and runs of medtrans."""
MAX_DEPTH = 8
MASK = re.compile(r"(?:^|[_.-])(mask|body|brain(?:mask)?|roi)(?=$|[_.-])", re.IGNORECASE)
LABELS = re.compile(r"(?:^|[_.-])(seg|dseg|labels?|aseg|organs|lesion|change)(?=$|[_.-])", re.IGNORECASE)
CT = re.compile(r"(?:^|[_.-])(ct|cbct)(?=$|[_.-])", re.IGNORECASE)
PET = re.compile(r"(?:^|[_.-])pet(?=$|[_.-])", re.IGNORECASE)
DOSE = re.compile(r"(?:^|[_.-])dose(?=$|[_.-])", re.IGNORECASE)
Kind = Literal["CT", "MR", "PET", "dose", "labels", "mask"]
SESSION_FOLDER = re.compile(r"ses-[A-Za-z0-9]+")
Grid = tuple[tuple[int, ...], np.ndarray]
"""Shape and affine."""


@dataclass(frozen=True)
class Image:
    """All files of one image: the T1 of every subject."""

    pattern: str
    """The role, source, target or mask, where a table lists the files."""
    files: dict[Key, Path]
    grids: dict[Key, Grid]
    kind: Kind
    reason: str
    """Why it is taken for that kind."""

    @property
    def label(self) -> str:
        """The part of the pattern that names the contrast."""
        return stem(self.pattern).rpartition("_")[2].lstrip("*")

    @property
    def subjects(self) -> set[str]:
        return {key.subject_of("") for key in self.files}

    @property
    def extent(self) -> Extent:
        """Of the voxels in mm."""
        return Extent.of([voxel_and_field(*grid)[0] for grid in self.grids.values()])


@dataclass(frozen=True)
class Fingerprint:
    """What a folder holds."""

    root: Path
    images: tuple[Image, ...]
    findings: tuple[Finding, ...] = field(default=())
    """On files that cannot be read, and tables that are not used."""
    table: Path | None = None
    """Table of cases in the folder."""
    has_splits: bool = False
    """Whether the table says which cases train."""

    def of_role(self, role: str) -> Image | None:
        """The image in a column of the table."""
        return next((one for one in self.images if one.pattern == role), None) if self.table else None

    def of_kind(self, *kinds: Kind) -> list[Image]:
        """The images of these kinds, those of the most cases first."""
        return sorted((one for one in self.images if one.kind in kinds), key=lambda one: (-len(one.files), one.pattern))


def fingerprint(root: Path) -> Fingerprint:
    """Of all volumes in a folder and below, or of those in its table of cases.

    Raises InputRefused where there is none, UsageError where the table is wrong, EnvironmentRefused.
    """
    refuse_no_folder(root)
    tables = tables_in(root)
    of_cases = [path for path in tables if is_of_cases(path)]
    if of_cases:
        return _of_table(root, *of_cases)
    grids, findings = _grids(_volumes_below(root))
    patterns = {_pattern_of(path.relative_to(root)) for path in grids}
    images = [_image(pattern, root, grids) for pattern in sorted(patterns)]
    found = _refuse_without_files(images, findings, root)
    findings += [_other_columns(path, columns) for path, columns in tables.items()]
    return Fingerprint(root, found, tuple(findings))


def _of_table(root: Path, table: Path, *others: Path) -> Fingerprint:
    """The first file of each role stands for the others."""
    cases = cases_in_table(root, table)
    files: dict[str, dict[Key, Path]] = {
        "source": {_key(case): case.sources[0] for case in cases if case.sources},
        "target": {_key(case): case.targets[0] for case in cases if case.targets},
        "mask": {_key(case): case.mask for case in cases if case.mask},
    }
    grids, findings = _grids(sorted({path for own in files.values() for path in own.values()}))
    images = [_listed(role, own, grids) for role, own in files.items()]
    found = _refuse_without_files(images, findings, table)
    findings += [_second_table(path, table) for path in others]
    return Fingerprint(root, found, tuple(findings), table, any(case.split for case in cases))


def _key(case: Case) -> Key:
    return Key(case.subject, case.session, (case.name,))


def _listed(role: str, files: Mapping[Key, Path], grids: Mapping[Path, Grid]) -> Image:
    files = {key: path for key, path in files.items() if path in grids}
    kind, reason = _kind_of(stem(next(iter(files.values()), Path())))
    if role == "mask":
        kind, reason = "mask", "its column is named so"
    return Image(role, files, {key: grids[path] for key, path in files.items()}, kind, reason)


def _second_table(path: Path, table: Path) -> Finding:
    return Finding(
        code="second-table",
        severity="warn",
        where=str(path),
        what=f"is a table of cases too, and {table.name} is used",
        consequence="its cases are left out",
        advice="set reading.table to the right one, or join them",
    )


def _other_columns(path: Path, columns: Sequence[str]) -> Finding:
    return Finding(
        code="no-table",
        severity="warn",
        where=str(path),
        what=f"lists volumes in the columns {', '.join(columns)}, but has no columns subject and source",
        consequence="it is not used, and the names of the files decide",
        advice="name its columns subject, source, target and mask, and look at the folder again",
    )


def _grids(paths: Iterable[Path]) -> tuple[dict[Path, Grid], list[Finding]]:
    """The grid of each volume, and a finding on each that cannot be read."""
    grids: dict[Path, Grid] = {}
    findings = []
    for path in paths:
        try:
            grids[path] = read_grid(path)
        except MedtransError as reason:
            findings.append(unreadable(reason))
    return grids, findings


def _refuse_without_files(images: Sequence[Image], findings: Sequence[Finding], where: Path) -> tuple[Image, ...]:
    """The images that have files. Raises InputRefused where none has."""
    found = tuple(one for one in images if one.files)
    if not found:
        raise InputRefused(where, findings[0].what if findings else "holds no volume", supported())
    return found


def refuse_no_folder(root: Path) -> None:
    """Raises InputRefused where there is nothing to look at."""
    if not root.is_dir():
        raise InputRefused(
            root, "is not a folder" if root.exists() else "does not exist", "give the folder of your images"
        )


def shared(images: Sequence[Image]) -> set[Key]:
    """The cases that have every one of the images."""
    return set.intersection(*(set(one.files) for one in images)) if images else set()


def _volumes_below(folder: Path, depth: int = 0) -> list[Path]:
    files = volumes_in(folder)
    below = [entry for entry in sorted(entries_of(folder)) if entry.is_dir() and not entry.is_symlink()]
    for entry in below:
        usual = entry not in files and entry.name not in SKIPPED and not entry.name.startswith(".")
        if usual and depth < MAX_DEPTH:
            files = [*files, *_volumes_below(entry, depth + 1)]
    return files


def _pattern_of(path: Path) -> str:
    """The pattern of a file: its subject and session as named parts, or what is before its contrast as a star."""
    folders, name = path.parts[:-1], path.name
    if not folders:
        return _flat(name)
    session = next((part for part in folders if SESSION_FOLDER.fullmatch(part)), "")
    subject = next((part for part in folders if part.startswith("sub-")), "") or _subject_folder(folders, name)
    if not subject:
        return "/".join([*folders, _flat(name)])
    named = [part if part not in (subject, session) or not part else _named(part, subject) for part in folders]
    rest = name.replace(subject, "{subject}") if name.startswith(subject) else name
    rest = rest.replace(session, "{session}") if session else rest
    return "/".join([*named, rest])


def _named(part: str, subject: str) -> str:
    return "{subject}" if part == subject else "{session}"


def _subject_folder(folders: Sequence[str], name: str) -> str:
    """The last folder whose name begins that of the file, else the last, where the file's name names nobody."""
    own = next((part for part in reversed(folders) if name.startswith(f"{part}_")), "")
    names_no_one = "_" not in stem(name) or not any(map(str.isdigit, CONTRAST.sub("", stem(name))))
    return own or (folders[-1] if names_no_one else "")


def _flat(name: str) -> str:
    """Of a name without a folder of its subject: "p07_T1.nii.gz" gives "*_T1.nii.gz"."""
    before, separator, last = stem(name).rpartition("_")
    return f"*_{last}{suffix_of(name)}" if separator and before else f"*{suffix_of(name)}"


def _image(pattern: str, root: Path, grids: Mapping[Path, Grid]) -> Image:
    files = {key: path for key, path in Pattern(pattern).files(root).items() if path in grids}
    return Image(pattern, files, {key: grids[path] for key, path in files.items()}, *_kind_of(stem(pattern)))


def _kind_of(name: str) -> tuple[Kind, str]:
    """What a name says, and which word of it."""
    kinds: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (MASK, "mask"), (LABELS, "labels"), (CT, "CT"), (PET, "PET"), (DOSE, "dose"),
    )  # fmt: skip
    for expression, kind in kinds:
        if found := expression.search(name):
            return kind, f"its name holds {found[1] if found.groups() else found[0].strip('_.-')!r}"
    return "MR", "its name says no CT, PET, dose, mask or labels"

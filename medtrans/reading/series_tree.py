"""DICOM series in a tree of folders: found by their headers, listed, and chosen by number, description or UID.

A series that has a folder to itself is that folder. One of several in a folder, or one that is spread over folders,
becomes a temporary folder of links to its files, because a volume is a path.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtrans.core.errors import InputRefused
from medtrans.reading.formats._dicom_series import (
    Header,
    by_series,
    candidates,
    described,
    has_magic,
    images_of,
    list_of,
    read_header,
    refuse_two_patients,
)
from medtrans.reading.storage import entries_of
from medtrans.reading.temporary_files import temporary_folder

MAX_DEPTH = 12
"""Folders within folders that are searched."""
LEFT_OUT = re.compile(r"[^A-Za-z0-9._+-]+")
LONGEST_NAME = 60


@dataclass(frozen=True)
class Series:
    """The files of a series, sorted by path, with their headers."""

    headers: tuple[Header, ...]

    @property
    def files(self) -> list[Path]:
        """Paths of all files."""
        return [header.path for header in self.headers]

    @property
    def number(self) -> str:
        """SeriesNumber as text; empty where there is none."""
        return self.headers[0].text("SeriesNumber")

    @property
    def description(self) -> str:
        """SeriesDescription; empty where there is none."""
        return self.headers[0].text("SeriesDescription")

    @property
    def modality(self) -> str:
        """Modality of DICOM: MR, CT, SEG, SR …"""
        return self.headers[0].text("Modality")

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return self.headers[0].text("SeriesInstanceUID")

    @property
    def name(self) -> str:
        """A name for a folder: number and description."""
        text = LEFT_OUT.sub("_", "_".join(filter(None, (self.number, self.description)))).strip("._")
        return text[:LONGEST_NAME] or "series"

    def __str__(self) -> str:
        return described(self.headers)

    def has_folder_alone(self) -> bool:
        """Whether all its files lie in one folder in which no other DICOM file is."""
        folders = {file.parent for file in self.files}
        return len(folders) == 1 and set(_dicom_in(next(iter(folders)))) == set(self.files)


def find_series(root: Path, depth: int = MAX_DEPTH) -> list[Series]:
    """All series with images in a folder and, to a depth, below it, by number.

    Raises InputRefused, EnvironmentRefused.
    """
    headers = [read_header(file) for folder in _folders(root, depth) for file in _dicom_in(folder)]
    return [Series(tuple(series)) for series in by_series(images_of(headers))]


def choose(series: Sequence[Series], wanted: str | None, root: Path) -> Series:
    """The one series that is wanted: by UID, number, description, or a part of the description.

    None takes the only one. Raises InputRefused with a list where none or several fit, and where several patients are
    in the folder and the series is not given by its UID.
    """
    advice = "give one by --series NUMBER, DESCRIPTION or UID"
    if not series:
        raise InputRefused(root, "holds no DICOM file with an image", "give the folder of a series")
    by_uid = [one for one in series if wanted is not None and one.uid == wanted]
    if len(by_uid) == 1:
        return by_uid[0]
    refuse_two_patients([header for one in series for header in one.headers], root)
    found = list(series) if wanted is None else _fitting(series, wanted)
    if len(found) == 1:
        return found[0]
    listed = list_of([one.headers for one in found or series])
    if wanted is None:
        raise InputRefused(root, f"holds {len(series)} series: {listed}", advice)
    if not found:
        raise InputRefused(root, f"no series fits --series {wanted}; there are {listed}", advice)
    raise InputRefused(root, f"{len(found)} series fit --series {wanted}: {listed}", "give its UID, or its number")


@contextlib.contextmanager
def as_folder(series: Series, name: str = "") -> Iterator[Path]:
    """A folder with the files of the series alone: its own, or one of links for the time of the context."""
    if series.has_folder_alone() and not name:
        yield series.files[0].parent
        return
    with temporary_folder() as place:
        folder = place / (name or series.name)
        folder.mkdir()
        for file, link in zip(series.files, _names(series.files), strict=True):
            _link(file, folder / link)
        yield folder


def _fitting(series: Sequence[Series], wanted: str) -> list[Series]:
    """By number, else by description, else by a part of it, whatever the case of letters."""
    text = wanted.strip().lower()
    rules = (
        lambda one: one.number == wanted.strip(),
        lambda one: one.description.lower() == text,
        lambda one: bool(text) and text in one.description.lower(),
    )
    return next((found for rule in rules if (found := [one for one in series if rule(one)])), [])


def _folders(root: Path, depth: int) -> Iterator[Path]:
    """A folder and those below, sorted; hidden ones and links are left out."""
    yield root
    for entry in sorted(entries_of(root)) if depth else ():
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield from _folders(entry, depth - 1)


def _dicom_in(folder: Path) -> list[Path]:
    return [file for file in candidates(folder) if has_magic(file)]


def _names(files: Sequence[Path]) -> list[str]:
    """The names of the files, with a number in front where two have the same."""
    count = Counter(file.name for file in files)
    return [file.name if count[file.name] == 1 else f"{number:05d}_{file.name}" for number, file in enumerate(files)]


def _link(file: Path, link: Path) -> None:
    """A link where the system has them, else a copy. Raises OSError."""
    try:
        link.symlink_to(file.resolve())
    except (OSError, NotImplementedError):
        shutil.copyfile(file, link)

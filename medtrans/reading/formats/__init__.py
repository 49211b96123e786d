"""File formats of volumes, one per file. A new format is one more module in `FORMATS`.

A volume may be one file, several files (.mhd and its data) or a folder of files; `files` lists all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.reading.formats import dicom, itk, nifti


class Format(Protocol):
    """Functions and constants that a module of this package defines."""

    NAME: str
    """Stands in `Origin.format`."""
    SUFFIXES: tuple[str, ...]
    """Ends of the names of its files, in lower case; empty for a format whose volumes are folders."""

    def matches(self, path: Path) -> bool:
        """Whether a path is of this format: by the name of a file, which need not exist, or by a folder's content."""

    def files(self, path: Path) -> tuple[Path, ...]:
        """All files of the volume at `path`, in a fixed order. Raises InputRefused, EnvironmentRefused."""

    def read(self, path: Path) -> Volume:
        """Raises InputRefused, EnvironmentRefused."""

    def read_grid(self, path: Path) -> tuple[tuple[int, ...], np.ndarray]:
        """Shape, without channels, and affine. Raises InputRefused, EnvironmentRefused."""

    def write(self, volume: Volume, path: Path, *, dtype: Any = None, description: str = "") -> None:
        """Write atomically; `dtype` None keeps the type of the voxels. Raises InputRefused, EnvironmentRefused."""

    def same_header(self, one: Any, other: Any) -> bool:
        """Whether two headers of this format place a volume in space alike, bit for bit."""


FORMATS: tuple[Format, ...] = (nifti, itk, dicom)


def suffixes() -> tuple[str, ...]:
    """Ends of file names of all formats, the longest first."""
    return tuple(sorted((suffix for form in FORMATS for suffix in form.SUFFIXES), key=len, reverse=True))


def supported() -> str:
    """Advice that lists the formats."""
    known = ", ".join(suffix for form in FORMATS for suffix in form.SUFFIXES)
    return f"medtrans reads {known}, and folders that hold one DICOM series"


def matching_format(path: Path) -> Format | None:
    """The format of the volume at `path`; None where there is none."""
    return next((form for form in FORMATS if form.matches(path)), None)


def format_of(path: Path) -> Format:
    """The format of the volume at `path`. Raises UsageError where there is none."""
    form = matching_format(path)
    if form is None:
        raise UsageError(path, "is not of a known format", supported())
    return form

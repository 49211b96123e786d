"""Headers of DICOM files, and the series that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.core.printable import printable
from medtrans.reading.memory import is_out_of_memory
from medtrans.reading.storage import entries_of, opened, size_of

if TYPE_CHECKING:
    from pydicom import Dataset

MAGIC_AT, MAGIC = 128, b"DICM"
OTHER_SUFFIXES = (
    *(".json", ".csv", ".txt", ".md", ".html", ".xml", ".pdf", ".png", ".jpg"),
    *(".nii", ".gz", ".mha", ".mhd", ".raw", ".nrrd", ".npy", ".yaml"),
)
"""Files beside a series that need not be looked into."""
LISTED = 8
"""Series that a message lists."""


@dataclass(frozen=True)
class Header:
    """A DICOM file without its pixels."""

    path: Path
    dataset: Dataset

    def text(self, name: str) -> str:
        """A value as text; empty where there is none."""
        value = value_of(self.dataset, name, self.path)
        return "" if value is None else printable(str(value)).strip()

    def number(self, name: str, default: int) -> int:
        """Raises InputRefused where the value is no whole number."""
        return whole(self.dataset, name, default, self.path)

    def sequence(self, name: str) -> list[Any]:
        """The items of a sequence; none where there is none. Raises InputRefused."""
        return items_of(self.dataset, name, self.path)


def candidates(folder: Path) -> list[Path]:
    """Files of a folder that may be DICOM, sorted. Raises EnvironmentRefused."""
    return sorted(
        entry
        for entry in entries_of(folder)
        if not entry.name.startswith(".") and not entry.name.lower().endswith(OTHER_SUFFIXES) and entry.is_file()
    )


def has_magic(path: Path) -> bool:
    """Whether a file begins as DICOM files do. Raises InputRefused, EnvironmentRefused."""
    with opened(path) as file:
        return bool(file.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] == MAGIC)


def one_series(path: Path) -> list[Header]:
    """The headers of a file, or of the one series in a folder, sorted by name.

    Raises InputRefused where there are several series or none, EnvironmentRefused.
    """
    if not path.is_dir():
        return [read_header(path)]
    images = images_of([read_header(file) for file in candidates(path) if has_magic(file)])
    if not images:
        raise InputRefused(path, "holds no DICOM file with an image", "give the folder of a series")
    refuse_two_patients(images, path)
    series = by_series(images)
    if len(series) > 1:
        advice = "give one by --series NUMBER, DESCRIPTION or UID, or put its files into a folder of their own"
        raise InputRefused(path, f"holds {len(series)} series: {list_of(series)}", advice, "several-series")
    return images


def images_of(headers: Sequence[Header]) -> list[Header]:
    """Those that have pixels: reports, plans and presentation states have none."""
    return [header for header in headers if header.number("Rows", 0)]


def by_series(images: Sequence[Header]) -> list[list[Header]]:
    """The headers of each series of each patient, by number."""
    series: dict[tuple[str, str], list[Header]] = {}
    for header in images:
        series.setdefault((header.text("SeriesInstanceUID"), patient_of(header)), []).append(header)
    return sorted(series.values(), key=lambda one: (one[0].number("SeriesNumber", 0), one[0].text("SeriesInstanceUID")))


def patient_of(header: Header) -> str:
    """What tells patients apart: the ID, else the name; empty where there is neither."""
    return header.text("PatientID") or header.text("PatientName")


def refuse_two_patients(images: Sequence[Header], path: Path) -> None:
    """Raises InputRefused where images of several patients lie together: one of them would be mistaken for another."""
    count = Counter(filter(None, map(patient_of, images)))
    if len(count) > 1:
        whose = ", ".join(f"{name} ({files} files)" for name, files in list(count.items())[:LISTED])
        advice = "give the folder of one patient, or the series by its UID: --series UID"
        raise InputRefused(path, f"holds images of {len(count)} patients: {whose}", advice, "two-patients")


def list_of(series: Sequence[Sequence[Header]]) -> str:
    """The series in words, the first of many."""
    more = f"; and {len(series) - LISTED} more" if len(series) > LISTED else ""
    return "; ".join(described(one) for one in series[:LISTED]) + more


def described(series: Sequence[Header]) -> str:
    """ "3 T1 MPRAGE (MR, 176 files)"."""
    first = series[0]
    name = " ".join(filter(None, (first.text("SeriesNumber"), first.text("SeriesDescription")))) or "unnamed"
    return f"{name} ({first.text('Modality') or 'no modality'}, {len(series)} file{'s' * (len(series) != 1)})"


def read_header(path: Path) -> Header:
    """Raises InputRefused, EnvironmentRefused without pydicom."""
    return Header(path, read_dataset(path, pixels=False))


def read_dataset(path: Path, *, pixels: bool) -> Dataset:
    """Raises InputRefused for what is damaged or no DICOM, EnvironmentRefused without pydicom."""
    try:
        import pydicom
    except ImportError as reason:
        raise EnvironmentRefused("pydicom", "is not installed", "pip install pydicom") from reason
    if size_of(path) == 0:
        raise InputRefused(path, "is empty", "copy it again")
    try:
        with opened(path) as file:
            return pydicom.dcmread(file, stop_before_pixels=not pixels)
    except Exception as reason:  # pydicom raises many kinds for damaged files.
        if is_out_of_memory(reason):
            raise
        what = f"is not a readable DICOM file ({type(reason).__name__}: {str(reason)[:80]})"
        raise InputRefused(path, what, "copy or export it again") from reason


def value_of(dataset: Any, name: str, path: Path) -> Any:
    """A value of a data set, None where there is none. Raises InputRefused where it cannot be decoded."""
    try:
        return dataset.get(name)
    except Exception as reason:  # pydicom decodes at the first access, and raises many kinds.
        if is_out_of_memory(reason):
            raise
        raise InputRefused(
            path, f"{name} cannot be decoded ({str(reason)[:80]})", "copy or export it again"
        ) from reason


def items_of(dataset: Any, name: str, path: Path) -> list[Any]:
    """The items of a sequence; none where there is none. Raises InputRefused where it is no sequence."""
    found = value_of(dataset, name, path)
    if not found:
        return []
    if isinstance(found, str | bytes) or not all(hasattr(item, "get") for item in found):
        raise InputRefused(path, f"{name} is no sequence", "copy or export it again")
    return list(found)


def whole(dataset: Any, name: str, default: int, path: Path) -> int:
    """A whole number of a data set. Raises InputRefused where it is none."""
    value = value_of(dataset, name, path)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as reason:
        raise InputRefused(path, f"{name} is {str(value)[:40]!r}, no whole number", "export it again") from reason

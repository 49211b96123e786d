"""Derived DICOM series: what a command needs to write one. Its content is made in `formats/_dicom_out.py`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused, MedtransError
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.reading.formats import dicom
from medtrans.reading.formats._dicom_modules import MAKER, STORAGE
from medtrans.reading.formats._dicom_out import bytes_of_series, write_derived
from medtrans.reading.formats._dicom_provenance import Provenance
from medtrans.reading.formats._dicom_series import candidates, has_magic, read_header

__all__ = [
    "MODALITIES",
    "Provenance",
    "findings_on",
    "is_derived",
    "is_dicom",
    "refuse_without_space",
    "shape_of",
    "write_derived",
]

MODALITIES = tuple(STORAGE)
"""Modalities that are written as DICOM."""
RESERVE_BYTES = 1 << 20
"""Left free for the sidecar and the ledger."""


def is_dicom(path: Path) -> bool:
    """Whether a volume is DICOM: a file, or the folder of a series."""
    return dicom.matches(path)


def is_derived(folder: Path) -> bool:
    """Whether a folder is empty, or holds files of a series that medtrans wrote and nothing else."""
    try:
        files = candidates(folder)
        if len(files) != sum(1 for _ in folder.iterdir()) or not all(map(has_magic, files)):
            return False
        headers = [read_header(file) for file in files[:1]]
    except (MedtransError, OSError):
        return False
    return all(one.text("Manufacturer") == MAKER and one.text("SyntheticData") == "YES" for one in headers)


def shape_of(source: Path, *, resample_tilt: bool = False) -> tuple[int, ...]:
    """Shape of a series as it will be read, from the headers alone. Raises InputRefused, EnvironmentRefused."""
    return dicom.upright_shape(source) if resample_tilt else dicom.read_grid(source)[0]


def refuse_without_space(shape: tuple[int, ...], folder: Path, *, bytes_per_voxel_beside: int = 0) -> None:
    """Raise EnvironmentRefused where the disk of `folder` lacks the room for a series of that many voxels.

    `bytes_per_voxel_beside` are those of the volume that is written beside it.
    """
    voxels = shape[0] * shape[1] * shape[2]
    needed = bytes_of_series(shape) + bytes_per_voxel_beside * voxels + RESERVE_BYTES
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        what = (
            f"has {free / 1e6:.1f} MB free, and the DICOM series with what lies beside it takes {needed / 1e6:.1f} MB"
        )
        raise EnvironmentRefused(existing, what, "free space, choose another folder, or write NIfTI", "disk-full")


def findings_on(volume: Volume, folder: Path, *, anonymous: bool) -> list[Finding]:
    """What whoever imports the series should know."""
    return [_identity(folder, anonymous=anonymous), *_directions(volume, folder)]


def _identity(folder: Path, *, anonymous: bool) -> Finding:
    kept = "the DICOM headers keep name, identity and study of the patient, as a planning system needs them"
    removed = (
        "the DICOM headers hold no identity (basic profile); the pixels are untouched, so that a face stays a face"
    )
    return Finding(
        code="identity-removed" if anonymous else "identity-kept",
        severity="note",
        where=str(folder),
        what=removed if anonymous else kept,
        advice="" if anonymous else "anonymise the series to leave them out",
    )


def _directions(volume: Volume, folder: Path) -> Sequence[Finding]:
    third = volume.orientation[2]
    if third in "IS":
        return []
    name = "sagittal" if third in "LR" else "coronal"
    return [
        Finding(
            code="slices-not-axial",
            severity="note",
            where=str(folder),
            what=f"its slices are {name}, as those of its source are",
            consequence="many planning systems import axial CT alone",
            advice="resample the source to axial slices before, where yours is one of them",
        )
    ]

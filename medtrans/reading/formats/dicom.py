"""DICOM: a folder of single-frame files that is one series, or one file of many frames (enhanced MR and CT).

    HU or arbitrary units = slope · stored + intercept        of each frame; Philips MR has a further factor

Files are found by what is in them, not by name. Slices are sorted by position. What makes no regular grid is refused
with its figures: several series, missing slices, several at one place, mixed orientations, a tilted gantry, colour.
DICOM PS3.3, C.7.6.2 (planes), C.7.6.16 (frames), C.11.1 (rescale): https://dicom.nema.org/medical/dicom/current
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import InputRefused, MedtransError
from medtrans.core.finding import Finding
from medtrans.core.volume import Origin, Volume
from medtrans.reading.formats._affine import is_usable
from medtrans.reading.formats._dicom_frames import Frame, frames_of
from medtrans.reading.formats._dicom_header import header_of
from medtrans.reading.formats._dicom_pixels import voxels_of
from medtrans.reading.formats._dicom_series import OTHER_SUFFIXES, candidates, has_magic, one_series
from medtrans.reading.formats._dicom_stack import UPRIGHT_DEGREES, in_order, refuse_missing, stacked, tilt_of
from medtrans.reading.formats._dicom_tilt import tilt_finding, upright_grid, upright_voxels

NAME = "dicom"
SUFFIXES: tuple[str, ...] = (".dcm", ".ima")

MODALITIES = {"CT": "CT", "MR": "MR", "PT": "PET", "RTDOSE": "dose", "SEG": "labels"}
"""By what the tag Modality says."""


def matches(path: Path) -> bool:
    """Whether a name ends with a suffix of DICOM, or a file, or the first files of a folder, are DICOM inside."""
    name = path.name.lower()
    if name.endswith(SUFFIXES) and not path.is_dir():
        return True
    try:
        if path.is_file():
            return not name.endswith(OTHER_SUFFIXES) and has_magic(path)
        return path.is_dir() and any(has_magic(file) for file in candidates(path)[:3])
    except MedtransError:
        return False


def files(path: Path) -> tuple[Path, ...]:
    """The files of the series."""
    return tuple(header.path for header in one_series(path))


def read(path: Path) -> Volume:
    """Raises InputRefused for what is no regular grid, EnvironmentRefused where a decoder is missing."""
    frames, affine, findings = _stack(path)
    header = frames[0].header
    origin = Origin(NAME, header_of(frames, affine), MODALITIES.get(header.text("Modality"), ""))
    return Volume(voxels_of(frames), affine, origin, tuple(findings))


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine, from the headers alone. Raises InputRefused."""
    frames, affine, _ = _stack(path)
    columns, rows = frames[0].size
    return (columns, rows, len(frames)), affine


def read_upright(path: Path) -> Volume:
    """As `read`, but slices that a tilted gantry has shifted are interpolated to a rectangular grid, with a finding."""
    order, findings, tilt = _tilted(path)
    if tilt <= UPRIGHT_DEGREES:
        return read(path)
    grid = upright_grid(order)
    header = header_of(order, np.eye(4))  # No slice of the grid is one of the series.
    origin = Origin(NAME, header, MODALITIES.get(order[0].header.text("Modality"), ""))
    findings = [*findings, *_rescaled(order, path), tilt_finding(path, tilt, order, grid)]
    return Volume(upright_voxels(order, grid), grid.affine, origin, tuple(findings))


def upright_shape(path: Path) -> tuple[int, ...]:
    """Shape of what `read_upright` returns, from the headers alone. Raises InputRefused."""
    order, _, tilt = _tilted(path)
    return upright_grid(order).shape if tilt > UPRIGHT_DEGREES else read_grid(path)[0]


def _tilted(path: Path) -> tuple[list[Frame], list[Finding], float]:
    """The slices in order, what was noticed, and the tilt in degrees. Raises InputRefused."""
    order, findings = in_order([frame for header in one_series(path) for frame in frames_of(header)], path)
    tilt = tilt_of(order) if len(order) > 1 else 0.0
    if tilt > UPRIGHT_DEGREES:
        refuse_missing(order, path)
    return order, findings, tilt


def write(volume: Volume, path: Path, *, dtype: Any = None, description: str = "") -> None:
    """Raises InputRefused: DICOM is read alone."""
    raise InputRefused(path, "DICOM is read, and not written", "write .nii.gz")


def same_header(one: Any, other: Any) -> bool:
    """True: the affine alone places a volume."""
    return True


def _stack(path: Path) -> tuple[list[Frame], np.ndarray, list[Any]]:
    frames = [frame for header in one_series(path) for frame in frames_of(header)]
    ordered, affine, findings = stacked(frames, path)
    if not is_usable(affine):
        raise InputRefused(path, "its slices have no usable place in space", "export the series again")
    return ordered, affine, [*findings, *_rescaled(frames, path)]


def _rescaled(frames: list[Frame], path: Path) -> list[Finding]:
    count = sum(frame.is_rescaled for frame in frames)
    if not count:
        return []
    finding = Finding(
        code="philips-scale",
        severity="note" if count == len(frames) else "warn",
        where=str(path),
        what=f"the private scale factors of Philips are applied to {count} of its {len(frames)} slices",
        consequence="" if count == len(frames) else "the brightness of the other slices is another one",
    )
    return [finding]

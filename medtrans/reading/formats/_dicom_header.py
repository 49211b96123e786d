"""Header of a DICOM series: the data set of its first slice, and of each slice the instance and the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medtrans.reading.formats._dicom_frames import Frame

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class Instance:
    """A slice on disk: the SOP class and instance of its file, and in a file of several frames its number from 1."""

    sop_class: str
    sop_instance: str
    frame: int | None = None


@dataclass(frozen=True)
class SliceHeader:
    """Where a slice lies, in LPS and mm, with the digits of the file."""

    instance: Instance
    position: tuple[float, ...]
    """Of the centre of its first pixel."""
    orientation: tuple[float, ...]
    """Direction cosines along a row, and along a column."""
    spacing: tuple[float, float]
    """Mm between rows, and between columns: as PixelSpacing has them."""
    thickness: float


@dataclass(frozen=True, eq=False)
class SeriesHeader:
    """What a derived series takes over from its source. `affine` is that of the volume (RAS)."""

    dataset: Dataset
    """Of the file of the first slice, without pixels."""
    slices: tuple[SliceHeader, ...]
    affine: np.ndarray


def header_of(frames: Sequence[Frame], affine: np.ndarray) -> SeriesHeader:
    """The header of a stack of frames, in their order."""
    return SeriesHeader(frames[0].header.dataset, tuple(map(_slice_header, frames)), affine)


def _slice_header(frame: Frame) -> SliceHeader:
    header = frame.header
    number = frame.number + 1 if header.number("NumberOfFrames", 1) > 1 else None
    instance = Instance(header.text("SOPClassUID"), header.text("SOPInstanceUID"), number)
    place = tuple(map(float, frame.position))
    between_columns, between_rows = frame.spacing
    directions = tuple(map(float, frame.orientation))
    return SliceHeader(instance, place, directions, (between_rows, between_columns), frame.thickness)

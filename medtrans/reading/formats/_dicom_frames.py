"""Frames of DICOM files: where each slice lies, and what its numbers mean.

A single-frame file has the position and the scale of its slice. An enhanced file has them in functional groups, of each
frame or of all frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.reading.formats._dicom_philips import philips_scale
from medtrans.reading.formats._dicom_series import Header, items_of, value_of

DEFAULT_THICKNESS = 1.0
"""Mm of a single slice that does not say it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One slice. `number` counts the frames of its file."""

    header: Header
    number: int
    position: np.ndarray
    """Of the centre of its first pixel: LPS, mm."""
    orientation: np.ndarray
    """Direction cosines of rows and columns, as the file has them."""
    rows_along: np.ndarray
    """Unit vector in which the columns follow each other (along a row), LPS."""
    columns_along: np.ndarray
    spacing: tuple[float, float]
    """Mm between columns, and between rows."""
    thickness: float
    slope: float
    intercept: float
    is_rescaled: bool = False
    """Whether the private scale factors of Philips are in slope and intercept."""

    @property
    def size(self) -> tuple[int, int]:
        """Number of columns and of rows."""
        return self.header.number("Columns", 0), self.header.number("Rows", 0)


def frames_of(header: Header) -> Iterator[Frame]:
    """All frames of a file, in their order. Raises InputRefused on colour, and where place or scale is missing."""
    _refuse_colour(header)
    count = header.number("NumberOfFrames", 1)
    per_frame = header.sequence("PerFrameFunctionalGroupsSequence")
    shared = header.sequence("SharedFunctionalGroupsSequence")
    if count > 1 and len(per_frame) != count:
        what = f"has {count} frames, but says of {len(per_frame)} of them where they lie"
        raise InputRefused(header.path, what, "export it as enhanced MR or CT, or as single frames")
    for number in range(count):
        groups = [*(per_frame[number : number + 1]), *shared[:1]]
        yield _frame(header, number, groups)


@dataclass(frozen=True)
class _Values:
    """Values of a frame: of its own functional groups, of those of all frames, or of the file."""

    header: Header
    groups: list[Any]

    def get(self, group: str, name: str) -> Any:
        path = self.header.path
        places = [item for one in self.groups for item in items_of(one, group, path)[:1]]
        found = (value_of(place, name, path) for place in (*places, self.header.dataset))
        return next((each for each in found if each is not None), None)

    def numbers(self, group: str, name: str, count: int) -> np.ndarray:
        given = self.get(group, name)
        try:
            array = np.array([float(each) for each in given], np.float64)
        except (TypeError, ValueError):
            array = np.empty(0)
        if len(array) != count or not np.isfinite(array).all():
            what = f"has no {name}, so that it has no place in space" if given is None else f"{name} is {given!s:.60}"
            raise InputRefused(self.header.path, what, "export it with its geometry")
        return array

    def number(self, group: str, name: str, default: float) -> float:
        given = self.get(group, name)
        try:
            found = default if given in (None, "") else float(given)
        except (TypeError, ValueError):
            found = np.nan
        if not np.isfinite(found):
            raise InputRefused(self.header.path, f"{name} is {given!s:.40}", "export it again")
        return found


def _frame(header: Header, number: int, groups: list[Any]) -> Frame:
    values = _Values(header, groups)
    directions = values.numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6)
    between_rows, between_columns = values.numbers("PixelMeasuresSequence", "PixelSpacing", 2)
    if min(between_rows, between_columns) <= 0:
        raise InputRefused(header.path, f"PixelSpacing is {between_rows:g}, {between_columns:g} mm", "export it again")
    slope = values.number("PixelValueTransformationSequence", "RescaleSlope", 1.0)
    intercept = values.number("PixelValueTransformationSequence", "RescaleIntercept", 0.0)
    philips = philips_scale(header, groups, slope, intercept)
    return Frame(
        header,
        number,
        values.numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        directions,
        _unit(directions[:3], header),
        _unit(directions[3:], header),
        (float(between_columns), float(between_rows)),
        values.number("PixelMeasuresSequence", "SliceThickness", DEFAULT_THICKNESS) or DEFAULT_THICKNESS,
        *(philips or (slope, intercept)),
        philips is not None,
    )


def _unit(direction: np.ndarray, header: Header) -> np.ndarray:
    length = float(np.linalg.norm(direction))
    if not 0.9 < length < 1.1:
        what = f"a direction of its image has the length {length:.3g}, not 1"
        raise InputRefused(header.path, what, "export it again")
    return direction / length


def _refuse_colour(header: Header) -> None:
    kind = header.text("PhotometricInterpretation")
    if header.number("SamplesPerPixel", 1) != 1 or kind not in ("MONOCHROME2", ""):
        what = f"is no grey image whose larger numbers are brighter ({kind or 'several samples for each pixel'})"
        raise InputRefused(header.path, what, "give the original series, not a screenshot or a colour map")

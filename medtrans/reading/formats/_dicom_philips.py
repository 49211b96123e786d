"""Scale factors of Philips MR: from the numbers for the display to those that compare between slices and scans.

    display = RS · stored + RI              floating point = display / (RS · SS) = stored / SS + RI / (RS · SS)

RS, RI: rescale slope and intercept, which may differ from slice to slice; SS: the private scale slope (2005,xx0E).
Chenevert et al., Errors in quantitative image analysis due to platform-dependent image scaling, Translational
Oncology 2014, https://doi.org/10.1593/tlo.13811
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from medtrans.reading.formats._dicom_series import Header
from medtrans.reading.memory import is_out_of_memory

GROUP, CREATOR, SCALE_SLOPE = 0x2005, "Philips MR Imaging DD 001", 0x0E
FRAMES = "Philips MR Imaging DD 005", 0x0F
"""Creator and number of the sequence in which an enhanced file has the private elements of a frame."""


def philips_scale(header: Header, groups: Sequence[Any], slope: float, intercept: float) -> tuple[float, float] | None:
    """Slope and intercept that give floating-point values; None where the file is not Philips MR or does not say.

    Raises InputRefused where its elements cannot be decoded.
    """
    if "philips" not in header.text("Manufacturer").lower() or header.text("Modality") != "MR" or slope == 0:
        return None
    places = [item for group in groups for item in _private(group, *FRAMES) or ()]
    found = (_number(_private(place, CREATOR, SCALE_SLOPE)) for place in (*places, *groups, header.dataset))
    scale = next((each for each in found if each), None)
    return None if scale is None else (1 / scale, intercept / (slope * scale))


def _private(dataset: Any, creator: str, number: int) -> Any:
    """The value of a private element; None where there is none or it cannot be decoded."""
    try:
        return dataset.private_block(GROUP, creator)[number].value
    except Exception as reason:  # pydicom raises KeyError where there is none, and many kinds for damaged elements.
        if is_out_of_memory(reason):
            raise
        return None


def _number(value: Any) -> float | None:
    """A finite number that is not 0; of an element without type (implicit files) the four bytes of a float."""
    try:
        number = struct.unpack("<f", value)[0] if isinstance(value, bytes) else float(value)
    except (TypeError, ValueError, struct.error):
        return None
    return number if math.isfinite(number) and number != 0 else None

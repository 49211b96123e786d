"""Controls of a lesion audit: images whose answer is known, audited as if they were translations.

| control | image | what is expected |
|---|---|---|
| identity | the real image itself | nothing missed, nothing invented, recovery 1 |
| real against real | the real image against the lesion masks, without the ceiling | the detector's own errors |
| copied source | the source | what a translation that does nothing would show |
| blurred target | the real image convolved with a Gaussian of 4 mm | differences shrink, none is invented |
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED, ReadCase, lesions_of
from medtrans.auditing.detector import Detector
from medtrans.core.errors import InputRefused
from medtrans.core.lesion import Lesion
from medtrans.core.volume import Volume
from medtrans.degradations.blur import Blur

BLUR_MM = 4.0
"""Full width at half maximum."""
IDENTITY, REAL, COPIED, BLURRED = "identity", "real against real", "copied source", f"blurred target, {BLUR_MM:g} mm"


@dataclass(frozen=True)
class ControlLesions:
    """Lesions of one control of one case; of one that the detector did not `read`, only the contrast is known."""

    lesions: tuple[Lesion, ...]
    read: bool = True


def controls_of(case: ReadCase, source: Volume, detector: Detector) -> dict[str, ControlLesions]:
    """Control → its lesions; empty without the real image."""
    if case.target is None or TARGET not in case.readings:
        return {}
    target, real = case.target, case.readings[TARGET]
    itself = replace(case, translated=target, readings={TRANSLATED: real, TARGET: real})
    found = {IDENTITY: ControlLesions(lesions_of(itself))}
    if case.truth is not None:
        found[REAL] = ControlLesions(lesions_of(replace(itself, readings={TRANSLATED: real})))
    found[COPIED] = _of_image(case, source, case.readings.get(SOURCE))
    blurred = Blur().apply(target.like(target.voxels.astype(np.float32)), millimetres=BLUR_MM)
    found[BLURRED] = _of_image(case, blurred, _read(detector, case.case, blurred))
    return found


def control_row(name: str, of_cases: Sequence[ControlLesions]) -> dict[str, Any]:
    """Counts and the median contrast recovery of a control over the cases."""
    lesions = [lesion for one in of_cases for lesion in one.lesions]
    counts: Mapping[str, Any] = {
        status: sum(lesion.status == status for lesion in lesions) for status in ("found", "missed", "invented")
    }
    if not all(one.read for one in of_cases):
        counts = dict.fromkeys(counts, None)
    ratios = {
        "contrast_recovery_median": [lesion.contrast_recovery for lesion in lesions],
        "difference_ratio_median": [lesion.difference_ratio for lesion in lesions],
    }
    return {"system": name, "cases": len(of_cases), **counts, **{key: _median(own) for key, own in ratios.items()}}


def _median(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return median(finite) if finite else math.nan


def _of_image(case: ReadCase, image: Volume, mask: np.ndarray | None) -> ControlLesions:
    read = np.zeros(image.shape, bool) if mask is None else mask
    readings = {TRANSLATED: read, TARGET: case.readings[TARGET]}
    return ControlLesions(lesions_of(replace(case, translated=image, readings=readings)), mask is not None)


def _read(detector: Detector, case: str, image: Volume) -> np.ndarray | None:
    """None where the detector cannot read an image that was made here."""
    if detector.segmenter is None:
        return None
    try:
        return detector.read(case, TARGET, image)[0]
    except InputRefused:
        return None

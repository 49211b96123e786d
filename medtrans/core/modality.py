"""Modality: unit, value of air, data type on disk, display windows and plausible range of a kind of image.

A modality is declared once, in the recipe, and saved with the model. It is never guessed from the name of a file.
Voxel values are only checked for plausibility, which gives a Finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding
from medtrans.core.suggestions import did_you_mean

ModalityName = Literal["CT", "MR", "PET", "dose", "labels"]

AIR_HU = -1024.0
"""HU written outside the body."""
BODY_AIR_HU = -300.0
"""HU. Air and lungs lie below; nearly every CT holds some."""
SOFT_TISSUE_HU = 250.0
"""HU. Fat, soft tissue and fluid lie between minus and plus this value."""
MIN_SOFT_TISSUE_FRACTION = 0.8
"""Smallest fraction of soft tissue in a CT without air, such as a brain cut out of its head."""
MIN_CT_RANGE_HU = 50.0
"""HU. A volume that spans less was normalised, or is empty."""
MAX_NEGATIVE_FRACTION = 0.01
"""Largest fraction of voxels below 0 in a magnitude, activity or dose image."""


@dataclass(frozen=True)
class DisplayWindow:
    """Grey-scale window of a viewer: level and width in the unit of the modality."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Modality:
    """Properties of one kind of image. `air` is in `unit`; `dtype` is the NumPy type on disk."""

    name: ModalityName
    unit: str
    air: float
    dtype: str
    plausible: tuple[float, float]
    """Lowest and highest value that can occur."""
    windows: tuple[DisplayWindow, ...] = ()
    """Fixed display windows; none where the scale is arbitrary, as in MR."""
    quantitative: bool = True
    """Whether values of two images can be compared without normalisation."""

    def check(self, voxels: np.ndarray, where: str) -> list[Finding]:
        """Findings on values that this modality does not have; empty for plausible values."""
        finite = voxels if np.isfinite(voxels).all() else voxels[np.isfinite(voxels)]
        if not finite.size:
            return []
        low, high = float(finite.min()), float(finite.max())
        reason = _ct_doubt(finite, low, high) if self.name == "CT" else self._doubt(finite, low, high)
        if not reason:
            return []
        return [
            Finding(
                code=f"implausible-{self.name.lower()}",
                severity="warn",
                where=where,
                what=f"is declared as {self.name}, but its values {reason}",
                consequence="a result from an image of another kind or unit is wrong",
                advice="check the file, its unit, and the modality of the recipe or model",
                numbers={"low": low, "high": high},
            )
        ]

    def _doubt(self, values: np.ndarray, low: float, high: float) -> str:
        if low < self.plausible[0] or high > self.plausible[1]:
            negative = float(np.mean(values < self.plausible[0]))
            if high > self.plausible[1] or negative > MAX_NEGATIVE_FRACTION:
                lowest, highest = self.plausible
                beyond = f"below {lowest:g}" if highest == float("inf") else f"outside {lowest:g} … {highest:g}"
                return f"span {low:g} … {high:g}, {beyond} {self.unit}".strip()
        return ""


def _ct_doubt(values: np.ndarray, low: float, high: float) -> str:
    tissue = values[values != 0]
    soft = float(np.mean(np.abs(tissue) < SOFT_TISSUE_HU)) if tissue.size else 0.0
    if low < 0 and high - low >= MIN_CT_RANGE_HU and (low < BODY_AIR_HU or soft >= MIN_SOFT_TISSUE_FRACTION):
        return "" if high <= MODALITIES["CT"].plausible[1] else f"reach {high:g} HU"
    return f"span {low + 0:g} … {high + 0:g}, which is no CT in HU (air is -1000)"


MODALITIES: dict[str, Modality] = {
    modality.name: modality
    for modality in (
        Modality(
            name="CT",
            unit="HU",
            air=AIR_HU,
            dtype="int16",
            plausible=(-32768.0, 20000.0),
            windows=(DisplayWindow("soft tissue", -160, 240), DisplayWindow("bone", -450, 1050)),
        ),
        Modality(name="MR", unit="a.u.", air=0.0, dtype="float32", plausible=(0.0, float("inf")), quantitative=False),
        Modality(name="PET", unit="SUV", air=0.0, dtype="float32", plausible=(0.0, float("inf"))),
        Modality(name="dose", unit="Gy", air=0.0, dtype="float32", plausible=(0.0, 1000.0)),
        Modality(name="labels", unit="label", air=0.0, dtype="int32", plausible=(0.0, float(2**31 - 1))),
    )
}


def find_modality(name: str) -> Modality:
    """The modality of that name. Raises UsageError with a suggestion."""
    if name not in MODALITIES:
        raise UsageError("modality", f"{name!r} is not a modality", did_you_mean(name, MODALITIES))
    return MODALITIES[name]

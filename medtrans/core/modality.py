"""Modality: unit, value of air, data type on disk, display windows and plausible range of a kind of image.

A modality is declared once, in the recipe, and saved with the model. It is never guessed from the name of a file.
Voxel values are only checked for plausibility, which gives a Finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding
from medtrans.core.image_kinds import attenuation_unit, hu_offset, phase_unit
from medtrans.core.suggestions import did_you_mean
from medtrans.core.voxel_statistics import count, finite_range

ModalityName = Literal["CT", "MR", "PET", "dose", "labels"]

AIR_HU = -1024.0
"""HU written outside the body."""
VACUUM_HU = -1000.0
"""HU of no attenuation."""
BODY_AIR_HU = -300.0
"""HU. Air and lungs lie below; nearly every CT holds some."""
MAX_AIR_HU = -900.0
"""HU. Where no voxel is above, there is no body."""
SOFT_TISSUE_HU = 250.0
"""HU. Fat, soft tissue and fluid lie between minus and plus this value."""
MIN_SOFT_TISSUE_FRACTION = 0.8
"""Smallest fraction of soft tissue in a CT without air, such as a brain cut out of its head."""
MIN_BONE_FRACTION = 0.01
"""Smallest fraction of voxels above soft tissue in a CT of a body."""
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

    @property
    def no_signal(self) -> float:
        """The value of what gives no signal, to which a measurement is proportional."""
        return VACUUM_HU if self.name == "CT" else 0.0

    def check(self, voxels: np.ndarray, where: str) -> list[Finding]:
        """Findings on values that this modality does not have; empty for plausible values."""
        low, high = finite_range(voxels)
        if np.isnan(low):
            return []
        named = _named_kind(self.name, voxels, where)
        reason = "" if named else _ct_doubt(voxels, low, high) if self.name == "CT" else self._doubt(voxels, low, high)
        if not reason:
            return named
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

    def _doubt(self, voxels: np.ndarray, low: float, high: float) -> str:
        lowest, highest = self.plausible
        if low < lowest or high > highest:
            negative = count(voxels, lambda values: values < lowest) / voxels.size
            if high > highest or negative > MAX_NEGATIVE_FRACTION:
                beyond = f"below {lowest:g}" if highest == float("inf") else f"outside {lowest:g} … {highest:g}"
                return f"span {low:g} … {high:g}, {beyond} {self.unit}".strip()
        return ""


def check_undeclared(voxels: np.ndarray, where: str) -> list[Finding]:
    """Findings on kinds of image that are known by their values alone; notes, where only a CT would be wrong."""
    found = _named_kind("CT", voxels, where)
    if found and found[0].code == "hu-offset" and not _has_bone(voxels):
        return []
    return [
        replace(one, severity="note", what=one.what.replace("is declared as CT, but", "if it is meant as a CT,"))
        if one.code != "phase-image"
        else one
        for one in found
    ]


def _has_bone(voxels: np.ndarray) -> bool:
    """Whether values lie above soft tissue: an MR has its highest values there, a CT with an offset has bone."""
    bone = (hu_offset(voxels) or 0.0) + SOFT_TISSUE_HU
    return count(voxels, lambda values: values > bone) > MIN_BONE_FRACTION * voxels.size


def _named_kind(declared: str, voxels: np.ndarray, where: str) -> list[Finding]:
    """A finding where the values are those of a known kind that is no image of the declared modality."""
    found: tuple[str, str, str, str] | None = None
    if declared in ("MR", "CT") and (unit := phase_unit(voxels)):
        what = f"has the values of a phase image in {unit}"
        meaning = "they are angles, not the brightness of tissue"
        found = "phase-image", what, meaning, "give the magnitude image of the same scan"
    elif declared == "CT" and (offset := hu_offset(voxels)) is not None:
        what = f"is declared as CT, but its values are HU + about {offset:g}"
        meaning = f"every value would be about {offset:g} HU too high"
        advice = f"subtract {offset:g} (the rescale intercept of its source says exactly how much)"
        found = "hu-offset", what, meaning, advice
    elif declared == "CT" and (unit := attenuation_unit(voxels)):
        what = f"is declared as CT, but its values are linear attenuation in {unit}"
        meaning = "a result from an attenuation map that is read as HU is wrong"
        found = "attenuation-map", what, meaning, "convert it to HU: 1000 (attenuation / attenuation of water - 1)"
    if found is None:
        return []
    code, what, meaning, advice = found
    low, high = finite_range(voxels)
    numbers = {"low": low, "high": high}
    return [
        Finding(code=code, severity="warn", where=where, what=what, consequence=meaning, advice=advice, numbers=numbers)
    ]


def _ct_doubt(voxels: np.ndarray, low: float, high: float) -> str:
    tissue = count(voxels, lambda values: values != 0)
    near = count(voxels, lambda values: (values != 0) & (values > -SOFT_TISSUE_HU) & (values < SOFT_TISSUE_HU))
    soft = near / tissue if tissue else 0.0
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

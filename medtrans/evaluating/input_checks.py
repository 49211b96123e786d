"""Checks before a pair is scored: one grid, one channel count, finite voxels, values in the unit of the preset."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.modality import MAX_AIR_HU, MAX_NEGATIVE_FRACTION, MODALITIES
from medtrans.core.volume import Volume
from medtrans.reading.grids import compare_grids

MAX_UNIT_RATIO = 10.0
"""Ratio of the 99.5th percentiles above which two images have different units, as Gy and cGy, or 0 … 1."""
MAX_DOSE_UNDERSHOOT = 0.01
"""Fraction of the maximum by which a dose may fall below 0, as interpolation makes it."""


def refuse_other_grid(case: str, target: Volume, role: str, other: Volume) -> None:
    """Raises GridMismatch, with the shapes or the distance of the grids."""
    advice = f"resample {role} to the target's grid first"
    if other.shape != target.shape:
        sizes = [" x ".join(map(str, volume.shape)) for volume in (target, other)]
        raise GridMismatch(case, f"target has {sizes[0]} voxels, {role} has {sizes[1]}", advice, "other-grid")
    if not other.shares_grid_with(target):
        difference = compare_grids(target, other)
        if difference.code != "other-grid":
            what = f"target and {role} have {difference.what}"
            raise GridMismatch(case, what, difference.advice, difference.code)
        distance = np.abs(other.affine - target.affine).max()
        names = f"target ({target.orientation}) and {role} ({other.orientation})"
        raise GridMismatch(case, f"{names} differ by {distance:.3g} mm in their affines", advice, "other-grid")


def refuse_other_channels(case: str, target: Volume, role: str, other: Volume) -> None:
    """Raises InputRefused where the numbers of channels differ."""
    if other.channels != target.channels:
        what = f"target has {target.channels} channels, {role} has {other.channels}"
        raise InputRefused(case, what, "score one contrast at a time", "other-channels")


def refuse_unfit_mask(case: str, target: Volume, mask: Volume) -> None:
    """Raises GridMismatch on another grid, InputRefused on several channels."""
    refuse_other_grid(case, target, "mask", mask)
    if mask.channels != 1:
        what = f"the mask has {mask.channels} channels"
        raise InputRefused(case, what, "give a mask of one channel", "other-channels")


def refuse_not_finite(case: str, role: str, voxels: np.ndarray, mask: np.ndarray) -> None:
    """`voxels` (channel, i, j, k). Raises InputRefused where a voxel in `mask` (i, j, k) is nan or infinite."""
    if np.isfinite(voxels).all():
        return
    bad = int(np.count_nonzero(~np.isfinite(voxels[:, mask])))
    if bad:
        share = bad / voxels[:, mask].size
        what = f"{role} has {bad} voxels that are nan or infinite in the mask ({share:.1%} of it)"
        raise InputRefused(case, what, "mask them out", "not-finite")


def refuse_implausible(case: str, role: str, modality: str, voxels: np.ndarray) -> None:
    """Raises InputRefused where a CT is not in HU. Other modalities have no unit that their values could contradict."""
    if reason := doubt_ct(voxels) if modality == "CT" else "":
        advice = "give it in HU, or take a preset for another modality"
        raise InputRefused(case, f"{role} {reason}", advice, "implausible-ct")


def doubt_ct(voxels: np.ndarray) -> str:
    """Why `voxels` are not a CT in HU; empty where they are plausible."""
    return next((finding.what for finding in MODALITIES["CT"].check(voxels, "")), "")


def refuse_air(case: str, target: np.ndarray) -> None:
    """`target` in HU in the mask. Raises InputRefused where none of it is body: the mask lies elsewhere."""
    if target.size and float(target.max()) <= MAX_AIR_HU:
        what = f"the mask lies in air: the target does not rise above {MAX_AIR_HU:g} HU in it"
        raise InputRefused(case, what, "give a mask of the body", "mask-in-air")


def refuse_other_unit(case: str, modality: str, translated: np.ndarray, target: np.ndarray) -> None:
    """Raises InputRefused where translation and target cannot have one unit, by their values."""
    if modality == "CT":
        refuse_implausible(case, "translated", modality, translated)
        return
    one, other = top(translated), top(target)
    if not same_unit(one, other):
        what = f"translated and target have different units: their 99.5th percentiles are {one:g} and {other:g}"
        raise InputRefused(case, what, "bring both to one unit", "other-unit")


def top(voxels: np.ndarray) -> float:
    """99.5th percentile of the finite voxels; nan where there are none."""
    finite = voxels[np.isfinite(voxels)]
    return float(np.percentile(finite, 99.5)) if finite.size else float("nan")


def same_unit(one: float, other: float) -> bool:
    """Whether two upper percentiles can be of one unit; true where one of them says nothing."""
    return not (min(one, other) > 0 and max(one, other) > MAX_UNIT_RATIO * min(one, other))


def refuse_no_dose(case: str, role: str, voxels: np.ndarray) -> None:
    """`voxels` in the mask. Raises InputRefused where none is above 0, or one below by more than rounding."""
    if voxels.size and float(voxels.max()) <= 0:
        raise InputRefused(case, f"{role} has no dose in the mask", "give a mask that the dose reaches", "no-dose")
    if voxels.size and float(voxels.min()) < -MAX_DOSE_UNDERSHOOT * float(np.abs(voxels).max()):
        what = f"{role} falls to {voxels.min():g} in the mask, which is no dose"
        raise InputRefused(case, what, "give a dose in Gy", "implausible-dose")


def doubt_magnitude(voxels: np.ndarray) -> str:
    """Why `voxels` in the mask are not MR magnitudes; empty where they are plausible."""
    fraction = float(np.count_nonzero(voxels < 0)) / max(voxels.size, 1)
    few = fraction <= MAX_NEGATIVE_FRACTION
    return "" if few else f"{fraction:.0%} of its voxels in the mask are below 0 and were clipped to 0"

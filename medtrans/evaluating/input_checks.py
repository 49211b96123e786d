"""Can this pair be scored at all? One grid, finite voxels where they count, values in the preset's unit."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.volume import Volume

NARROW = 50.0
"""HU. No CT spans less: such a volume was normalised, or is empty."""
AIR = -300.0
"""HU. Below lie air and lungs, which nearly every CT holds."""
SOFT = 250.0
"""HU. Fat, soft tissue and fluid lie between -SOFT and SOFT, …"""
MOST = 0.8
"""… and where there is no air at all, as in a brain cut out, they are at least this share of what is not 0."""
AIR_ALONE = -900.0
"""HU. Where nothing is above, there is no body."""
APART = 10.0
"""How many times as far one image may reach as the other: more is another unit, as Gy and cGy, or 0 … 1."""
MANY = 0.01
"""Share of voxels below 0 from which a magnitude image is doubted."""

NO_DOSE = 0.01
"""Of the maximum: how far below 0 a dose may fall, as interpolation makes it."""


def refuse_other_grid(case: str, target: Volume, role: str, other: Volume) -> None:
    """Raises GridMismatch, saying whether shape or place differs."""
    if other.shape != target.shape:
        sizes = [" x ".join(map(str, volume.shape)) for volume in (target, other)]
        what = f"target has {sizes[0]} voxels, {role} has {sizes[1]}"
        raise GridMismatch(case, what, f"resample {role} to the target's grid first")
    if not other.shares_grid_with(target):
        apart = np.abs(other.affine - target.affine).max()
        what = (
            f"target ({target.orientation}) and {role} ({other.orientation}) differ by {apart:.3g} mm in their affines"
        )
        raise GridMismatch(case, what, f"resample {role} to the target's grid first")


def refuse_not_finite(case: str, role: str, voxels: np.ndarray, within: np.ndarray) -> None:
    """`voxels` (channel, i, j, k). Raises InputRefused where one that counts is nan or infinite."""
    if np.isfinite(voxels).all():
        return
    bad = int(np.count_nonzero(~np.isfinite(voxels[:, within])))
    if bad:
        raise InputRefused(case, f"{role} has {bad} voxels that are nan or infinite in the mask", "mask them out")


def doubt_hounsfield(voxels: np.ndarray) -> str:
    """Why `voxels` cannot be a CT in HU; empty where they can."""
    known = voxels if np.isfinite(voxels).all() else voxels[np.isfinite(voxels)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if low < 0 and high - low >= NARROW and (low < AIR or _soft(known) >= MOST):
        return ""
    return f"spans {low + 0:g} … {high + 0:g}, which is no CT in HU (air is -1000)"


def _soft(voxels: np.ndarray) -> float:
    """The share of soft tissue among voxels that are not 0."""
    there = voxels[voxels != 0]
    return float(np.mean(np.abs(there) < SOFT)) if there.size else 0.0


def refuse_air(case: str, target: np.ndarray) -> None:
    """`target` in HU in the mask. Raises InputRefused where none of it is body: the mask lies elsewhere."""
    if target.size and float(target.max()) <= AIR_ALONE:
        what = f"the mask lies in air: the target does not rise above {AIR_ALONE:g} HU in it"
        raise InputRefused(case, what, "give a mask of the body")


def refuse_other_unit(case: str, kind: str, translated: np.ndarray, target: np.ndarray) -> None:
    """Images of a `kind` of preset, from files that say no unit. Raises InputRefused where they cannot have one."""
    if kind == "CT":
        if doubt := doubt_hounsfield(translated):
            raise InputRefused(case, f"translated {doubt}", "give the translation in HU, as the target is")
        return
    one, other = (float(np.percentile(image[np.isfinite(image)], 99.5)) for image in (translated, target))
    if min(one, other) > 0 and max(one, other) > APART * min(one, other):
        what = f"translated and target have different units: their 99.5th percentiles are {one:g} and {other:g}"
        raise InputRefused(case, what, "bring both to one unit")


def refuse_no_dose(case: str, role: str, voxels: np.ndarray) -> None:
    """`voxels` in the mask. Raises InputRefused where none is above 0, or one below by more than rounding."""
    if voxels.size and float(voxels.max()) <= 0:
        raise InputRefused(case, f"{role} has no dose in the mask", "give a mask that the dose reaches")
    if voxels.size and float(voxels.min()) < -NO_DOSE * float(np.abs(voxels).max()):
        raise InputRefused(case, f"{role} falls to {voxels.min():g} in the mask, which is no dose", "give a dose in Gy")


def doubt_magnitude(voxels: np.ndarray) -> str:
    """Why `voxels` cannot be MR magnitudes; empty where they can."""
    share = float(np.count_nonzero(voxels < 0)) / max(voxels.size, 1)
    return f"{share:.0%} of its voxels in the mask are below 0 and were clipped to 0" if share > MANY else ""

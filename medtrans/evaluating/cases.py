"""Score one translation against its target."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from medtrans.core.errors import EmptyMask, GridMismatch, InputRefused, UsageError
from medtrans.core.metric import Definition, Score
from medtrans.core.settings import did_you_mean
from medtrans.core.volume import Volume
from medtrans.evaluating.presets import PRESETS, Preset
from medtrans.metrics import load

EVERYTHING = "none: every voxel of the volume"


def find_preset(name: str) -> Preset:
    """Raises UsageError with a suggestion."""
    if name not in PRESETS:
        raise UsageError("preset", f"nothing is named {name!r}", did_you_mean(name, PRESETS))
    return PRESETS[name]


def definition(preset: str, mask: str = EVERYTHING) -> Definition:
    """What scores under `preset` mean; `mask` says in words which voxels count."""
    return find_preset(preset).definition(mask)


def evaluate(
    translated: Volume,
    target: Volume,
    mask: Volume | None,
    preset: str,
    *,
    case: str = "",
    subject: str = "",
    who: str = "translated",
) -> list[Score]:
    """The preset's scores of one case. A metric that cannot be computed is nan, its reason in the note.

    Raises GridMismatch where the volumes do not lie on one grid, InputRefused where one cannot be scored at all.
    """
    asked = find_preset(preset)
    name = case or "case"
    for role, other in (("translated", translated), ("mask", mask)):
        if other is not None and not target.shares_grid_with(other):
            what = f"target is {target.shape} {target.orientation}, {role} is {other.shape} {other.orientation}"
            raise GridMismatch(name, f"{what} or lies elsewhere", "resample the translation to the target's grid first")
    if translated.channels != target.channels:
        what = f"target has {target.channels} channels, translated {translated.channels}"
        raise InputRefused(name, what, "score one contrast at a time")
    within = np.ones(target.shape, bool) if mask is None else mask.voxels[0] > 0
    x, y = translated.voxels.astype(np.float32), target.voxels.astype(np.float32)
    for role, voxels in (("translated", x), ("target", y)):
        _refuse_unusable(voxels, within, role, name, asked)
    if asked.kind == "MR":
        x, y = _by_percentile(x, y, within, name)
    return [_score(metric, asked, x, y, within, (name, subject or name, who)) for metric in asked.metrics]


def _refuse_unusable(voxels: np.ndarray, within: np.ndarray, role: str, name: str, asked: Preset) -> None:
    bad = int(np.count_nonzero(~np.isfinite(voxels[:, within])))
    if bad:
        raise InputRefused(name, f"{role} has {bad} voxels that are nan or infinite", "mend it, or mask them out")
    counted = voxels[:, within]
    if asked.kind == "CT" and counted.size and float(np.ptp(counted)) <= 5 and role == "target":
        raise InputRefused(name, f"{role} spans {np.ptp(counted):g} in the mask, which is no CT in HU", "give HU")
    if asked.kind == "CT" and role == "target" and voxels.min() >= 0:
        what = f"{role} spans {voxels.min():g} … {voxels.max():g}: CT in HU has air at about -1000"
        raise InputRefused(name, what, "give HU, or the preset mr-percentile")


def _by_percentile(x: np.ndarray, y: np.ndarray, within: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    if not within.any():
        return x, y
    top = float(np.percentile(y[:, within], 99.5))
    if top <= 0:
        raise InputRefused(name, f"the target's 99.5th percentile is {top:g}", "is it a magnitude image?")
    return np.clip(x / top, 0, 1), np.clip(y / top, 0, 1)


def _score(
    metric: str, asked: Preset, x: np.ndarray, y: np.ndarray, within: np.ndarray, whose: tuple[str, str, str]
) -> Score:
    measure: Callable[..., float] = asked.measure(metric)
    kind, note = load(metric), ""
    try:
        value = float(np.mean([measure(one, other, within) for one, other in zip(x, y, strict=True)]))
    except (EmptyMask, InputRefused) as reason:
        value, note = math.nan, reason.what
    unit = {"CT": "HU", "MR": "of the target's 99.5th percentile"}[asked.kind] if metric == "mae" else kind.unit
    return Score(*whose, metric, value, unit, kind.better, note)

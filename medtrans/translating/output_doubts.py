"""Doubts about a translation that need no target: black, constant, saturated, or of values that its modality lacks.

| code | rule, on the voxels in the body |
|---|---|
| black-output | the 99.5th percentile, from air on, is below a fifth of the usual one |
| bright-output | it is above five times the usual one |
| constant-output | the 0.5th to the 99.5th percentile span below a twentieth of the usual top |
| saturated-output | a tenth of the voxels have the highest value, or lie above what the model can write |
| implausible-output | the modality does not have such values (Modality.check) |

The usual top is that of the training targets; of CT, 200 HU, which bone exceeds in every head and body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import AIR_HU, Modality
from medtrans.core.volume import Volume

CT_TOP_HU = 200.0
MAX_TOP_RATIO, MIN_SPAN_FRACTION, MAX_TOP_SHARE = 5.0, 0.05, 0.1
MIN_WRITTEN = 0.05
"""Share of the body below which everything is air."""
MAX_VOXELS = 1_000_000
KINDS = ("CT", "MR")
"""Of PET and dose, an empty image may be right."""


def doubt_output(
    translated: Volume, modality: Modality, usual_tops: Sequence[float], body_voxels: float, clipped: float, where: str
) -> list[Finding]:
    """At most one finding for each channel, and that of its modality.

    `usual_tops` are upper percentiles of training targets by channel, for images without a unit; `body_voxels` is the
    size of the body, outside of which there is air; `clipped` the fraction of it above the range of HU.
    """
    if modality.name not in KINDS:
        return []
    tops = [CT_TOP_HU - AIR_HU] * translated.channels if modality.name == "CT" else usual_tops
    found = []
    for channel, top in zip(translated.voxels, tops, strict=False):
        written = channel[channel != modality.air]
        doubt = _doubt(written, written.size / max(body_voxels, 1), modality.air, top, clipped)
        found += [_finding(*doubt, where)] if doubt else []
    if not found:
        found = [
            replace(one, code="implausible-output", what=f"the translation {one.what}")
            for one in modality.check(translated.voxels, where)
        ]
    return found


def _doubt(written: np.ndarray, share: float, air: float, top: float, clipped: float) -> tuple[str, str] | None:
    """Kind and words."""
    if share < MIN_WRITTEN:
        return "black", "is black: nearly all of the body has the value of air"
    some: np.ndarray = written[:: max(written.size // MAX_VOXELS, 1)].astype(np.float64)
    low, high = (float(end) for end in np.percentile(some, (0.5, 99.5)))
    at_top = float(np.mean(some >= some.max()))
    ends = f"its values in the body go from {low:.4g} to {high:.4g}"
    if (high - air) * MAX_TOP_RATIO < top:
        return "black", f"is black: {ends}"
    if high - air > MAX_TOP_RATIO * top:
        return "bright", f"is far too bright: {ends}"
    if high - low < MIN_SPAN_FRACTION * top:
        return "constant", f"is nearly constant: {ends}"
    if at_top > MAX_TOP_SHARE:
        return "saturated", f"is saturated: {at_top:.0%} of the body has the value {some.max():.4g}"
    if clipped > MAX_TOP_SHARE:
        return "saturated", f"is saturated: {clipped:.0%} of the body lies above the range that the model can write"
    return None


def _finding(kind: str, words: str, where: str) -> Finding:
    return Finding(
        code=f"{kind}-output",
        severity="warn",
        where=where,
        what=f"the translation {words}",
        consequence="it is no image of the body",
        advice="look at it beside its source; the model may not be trained, or not for such images",
    )

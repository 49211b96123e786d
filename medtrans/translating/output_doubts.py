"""Doubts about a translation that need no target: black, constant, saturated, or of values that its modality lacks.

| code | rule, on the voxels in the body |
|---|---|
| black-output | the 99.5th percentile, from air on, is below a fifth of the usual one |
| bright-output | it is above five times the usual one |
| constant-output | the 0.5th to the 99.5th percentile span below a twentieth of the usual top |
| saturated-output | a tenth of the voxels have the highest value, or lie above what the model can write |
| implausible-output | the modality does not have such values (Modality.check) |
| already-t1 | of a painted T1: white matter is brighter than grey matter in the source, too |

The usual top is that of the training targets; of CT, 200 HU, which bone exceeds in every head and body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from medtrans.core.finding import Finding
from medtrans.core.modality import AIR_HU, Modality
from medtrans.core.volume import Volume

CT_TOP_HU = 200.0
MAX_TOP_RATIO, MIN_SPAN_FRACTION, MAX_TOP_SHARE = 5.0, 0.05, 0.1
MIN_WRITTEN = 0.05
"""Share of the body below which everything is air."""
MAX_VOXELS = 1_000_000
COARSE_MM, DEEP_MM = 3.0, 25.0
"""Distance of the voxels that are compared with the source, and below the surface: brain alone, in a head as well."""
GREY, WHITE = (0.5, 0.75), (0.88, 1.1)
"""Range of grey and of white matter in a painted T1 (MPRAGE), in parts of the 95th percentile of the deep voxels."""
MIN_CONTRAST, MIN_VOXELS = 1.0, 100
"""Of white to grey matter, in median absolute deviations; least voxels of each."""
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


def doubt_need(source: Volume, translated: Volume, where: str) -> list[Finding]:
    """A finding where the source of a painted T1 is T1-weighted itself; of the first channels, on one grid.

    With m the medians of both tissues in the source and s the mean of their median absolute deviations (times 1.4826):
    (m_white - m_grey) / s is 1 or more.
    """
    steps = tuple(slice(None, None, max(round(COARSE_MM / mm), 1)) for mm in translated.spacing)
    spacing = [each.step * mm for each, mm in zip(steps, translated.spacing, strict=True)]
    image, made = (volume.voxels[0][steps].astype(np.float32) for volume in (source, translated))
    deep = ndimage.distance_transform_edt(ndimage.binary_fill_holes(made > 0), sampling=spacing) > DEEP_MM
    if not deep.any():
        return []
    share = made / max(np.percentile(made[deep], 95), 1e-6)
    grey, white = (image[deep & (share > low) & (share < high)] for low, high in (GREY, WHITE))
    if min(grey.size, white.size) < MIN_VOXELS or not np.isfinite(image).all():
        return []
    spread = 1.4826 * np.mean([np.median(np.abs(one - np.median(one))) for one in (grey, white)])
    if np.median(white) - np.median(grey) < MIN_CONTRAST * spread or not spread:
        return []
    return [
        Finding(
            code="already-t1",
            severity="warn",
            where=where,
            what="the source looks T1-weighted already: white matter is brighter than grey matter in it",
            consequence="the translation is a poorer T1 than the image itself",
            advice="use the image; where its slices are thick, interpolate it",
        )
    ]


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

"""HU of air, fat, soft tissue, brain and bone of a CT, against published ranges.

| tissue | measured as | range, HU |
|---|---|---|
| air | median more than 12 mm outside the body | -1024 … -950 |
| fat | median of -200 … -30 HU in the 4 to 14 mm below the skin | -130 … -50 |
| soft tissue | median of -20 … 120 HU below the skull cap | 0 … 80 |
| brain | median of what lies deeper than 30 mm in the upper 90 mm | 15 … 50 |
| bone | 90th percentile of what is above 200 HU | 700 … 2200 |

Air is -1000 by definition, and scanners write -1024; fat -100 to -50, white matter 20 to 30, grey matter 37 to 45, bone
from 700: Buzug, Computed Tomography, Springer 2008, p. 475; muscle 10 to 60, blood 45 to 65: Prokop, Spiral and
Multislice CT, Thieme 2003. Margins are added for partial volume, skin among the fat, and CSF in the brain.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from medtrans.auditing.plausibility.head import BONE_HU, CTHead, answer, not_a_head, verdict
from medtrans.core.finding import Verdict

RANGES = {
    "air": (-1024.0, -950.0),
    "fat": (-130.0, -50.0),
    "soft tissue": (0.0, 80.0),
    "brain": (15.0, 50.0),
    "bone": (700.0, 2200.0),
}
AWAY_MM, SKIN_MM, DEEP_MM, CROWN_MM = 12.0, (4.0, 14.0), 30.0, 90.0
MIN_VOXELS = 100


def tissues(head: CTHead) -> Iterator[Verdict]:
    """One verdict for each tissue."""
    for tissue, (low, high) in RANGES.items():
        code, question = f"hu-{tissue.replace(' ', '-')}", f"Is {tissue} between {low:g} and {high:g} HU?"
        if tissue != "air" and not head.is_head:
            yield not_a_head(code, question)
            continue
        values = _values(head, tissue)
        if values.size < MIN_VOXELS:
            yield verdict(code, question, "not assessable", f"{values.size} voxels are too few")
            continue
        measured = float(np.quantile(values, 0.9) if tissue == "bone" else np.median(values))
        fits = low <= measured <= high
        yield answer(code, question, fits, f"it is {measured:.0f} HU", hu=measured, voxels=values.size)


def _values(head: CTHead, tissue: str) -> np.ndarray:
    """Values of the voxels that are most probably of a tissue; of blocks where it is thick."""
    blocks, body, depth = head.coarse_hu, head.coarse.body, head.depth
    crown = head.places[2] > -CROWN_MM
    if tissue == "air":
        reach = [2 * int(np.ceil(AWAY_MM / size)) + 1 for size in head.coarse.spacing]
        return np.asarray(blocks[~ndimage.maximum_filter(body, reach)])
    if tissue == "brain":
        return np.asarray(blocks[crown & (depth > DEEP_MM)])
    if tissue == "bone":
        every = head.hu[:: 1 + head.hu.shape[0] // 128, :: 1 + head.hu.shape[1] // 128]
        return np.asarray(every[every > BONE_HU])
    if tissue == "fat":
        near = body & (depth >= SKIN_MM[0]) & (depth <= SKIN_MM[1])
        return np.asarray(blocks[near & (blocks > -200) & (blocks < -30)])
    return np.asarray(blocks[body & ~crown & (depth > 8) & (blocks > -20) & (blocks < 120)])

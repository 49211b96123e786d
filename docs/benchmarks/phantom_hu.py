"""CT numbers of bone in synthetic heads, beside those of a real body: python phantom_hu.py [FOLDER OF BODY_CT]

Share of the bone in each range of HU. Bone of a head is every voxel above 200 HU, teeth and metal with it. The real
volume is the CT of a body of 3 mm and its organ labels (TotalSegmentator, https://doi.org/10.1148/ryai.230024), of
which the vertebrae, ribs, hips and other bones count, where they are above 200 HU. There is no real head CT here.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from medtrans.phantoms import make_head, paint
from medtrans.reading.volumes import read_volume

EDGES = (200, 400, 700, 1000, 1300, 1600, 4000)
BONES = (*range(25, 51), *range(69, 79), *range(91, 117))
"""TotalSegmentator's numbers: sacrum and vertebrae, limbs, shoulders and hips, skull, ribs and sternum."""
HEADS = 4


def row(name: str, hu: np.ndarray) -> str:
    counts, _ = np.histogram(hu[hu > EDGES[0]], EDGES)
    return f"{name:<22}" + "".join(f"{100 * share:9.1f} %" for share in counts / counts.sum())


def heads(spacing: float, **options: int) -> np.ndarray:
    """Voxels of several heads in HU."""
    sides = [round(mm / spacing) for mm in (192, 216, 192)]
    made = (make_head(seed, shape=tuple(sides), spacing=spacing, **options) for seed in range(HEADS))
    return np.concatenate([paint(head, "CT", np.random.default_rng(0)).voxels.ravel() for head in made])


if __name__ == "__main__":
    print(f"{'HU':<22}" + "".join(f"{low:6}-{high:<4}" for low, high in pairwise(EDGES)))
    for spacing in (1.0, 1.5, 3.0):
        print(row(f"phantoms, {spacing} mm", heads(spacing)), flush=True)
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        ct, organs = (read_volume(folder / f"b01_{name}.nii.gz").voxels for name in ("CT", "organs"))
        print(row("real body, 3 mm", ct[np.isin(organs, BONES)]))

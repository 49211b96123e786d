"""What a perfect CT model of a head could score in voxels of a given size: python head_resolution.py LABELS

The painted CT of each label map of 1 mm is resampled to the voxels of a model and back, as `translate` does with its
result, and compared with itself in the head: mean absolute error, and Dice of bone above 250 HU. The mean over the
maps.
"""

import sys
from pathlib import Path

import numpy as np

from medtrans.metrics.image._overlap import dice
from medtrans.phantoms.contrasts import paint_ct
from medtrans.phantoms.label_maps import from_label_map
from medtrans.preparing.geometry import to_grid
from medtrans.reading.volumes import read_volume

SPACINGS = ((2, 2, 2), (1.5, 1.5, 1.5), (1, 1, 3), (1, 1, 2), (1, 2, 1))
AIR_HU, BONE_HU = -1000, 250

if __name__ == "__main__":
    scores = {spacing: [] for spacing in SPACINGS}
    for number, path in enumerate(sorted(Path(sys.argv[1]).glob("*_labels.nii.gz"))):
        head = from_label_map(read_volume(path), np.random.default_rng(number))
        ct = paint_ct(head, np.random.default_rng([number, 1]), noise=0)
        body, truth = head.mask.voxels[0] > 0, ct.voxels[0].astype(np.float32)
        for spacing in SPACINGS:
            coarse, back = to_grid(ct, spacing=spacing, background=AIR_HU)
            hu = back(coarse.voxels, AIR_HU)[0]
            error = float(np.abs(hu - truth)[body].mean())
            scores[spacing].append((error, dice(body & (hu >= BONE_HU), body & (truth >= BONE_HU))))
    print(f"{'voxels in mm':<16}{'MAE in HU':>10}{'bone Dice':>11}{'maps':>6}")
    for spacing, found in scores.items():
        error, overlap = np.mean(found, 0)
        print(f"{' x '.join(f'{side:g}' for side in spacing):<16}{error:10.1f}{overlap:11.3f}{len(found):6}")

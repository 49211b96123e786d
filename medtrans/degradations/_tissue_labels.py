"""Tissues of label maps of heads: SynthSeg's numbers (FreeSurfer's, and some above 500 for what is not brain).

25 and 57 are white matter lesions, 136 to 164 choroid plexus, which is taken for mucosa. One number stands for fat and
muscle together. Billot et al., Med Image Anal 2023, https://doi.org/10.1016/j.media.2023.102789
"""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume

FAT_AND_MUSCLE = 507
MEANING = {
    "white matter": (2, 7, 16, 28, 41, 46, 60, 79, 85, 192, 250, 251, 252, 253, 254, 255, 508, 512),
    "grey matter": (3, 8, 17, 18, 42, 47, 53, 54),
    "deep grey matter": (9, 10, 11, 12, 13, 26, 48, 49, 50, 51, 52, 58),
    "CSF": (4, 5, 14, 15, 24, 30, 31, 43, 44, 62, 63, 72, 257, 520),
    "blood": (502, 514),
    "cortical bone": (515,),
    "marrow": (516,),
    "mucosa": (509, 136, 137, 163, 164),
    "lesion": (25, 57, 77),
    "skin": (511,),
    "vitreous": (506,),
    "lens": (530,),
    "fat": (FAT_AND_MUSCLE,),
    "air outside": (0,),
}
"""Tissue → the numbers that stand for it."""

UNNAMED = {
    "air inside": 0,
    "muscle": FAT_AND_MUSCLE,
    "cartilage": FAT_AND_MUSCLE,
    "dentine": 515,
    "enamel": 515,
    "metal": 515,
}
"""Tissues that such maps do not tell from another one → its number."""


def label_of_tissue(tissue: str) -> int:
    """The number that stands for a tissue: the first of several."""
    return UNNAMED[tissue] if tissue in UNNAMED else MEANING[tissue][0]


def tissue_of_labels(labels: Volume) -> tuple[np.ndarray, list[str]]:
    """For each voxel (channel, i, j, k) the index of its tissue in a list of names.

    Raises InputRefused on a number without a meaning, naming it.
    """
    names, whole = list(MEANING), labels.voxels.astype(np.int64)
    table = np.full(max(int(whole.max(initial=0)), 600) + 1, len(names), np.uint8)
    for index, numbers in enumerate(MEANING.values()):
        table[list(numbers)] = index
    if whole.min(initial=0) < 0 or (table[whole] == len(names)).any():
        unknown = sorted(set(np.unique(whole).tolist()) - {n for numbers in MEANING.values() for n in numbers})
        what = f"holds the numbers {unknown[:8]}"
        raise InputRefused("label map", what, "SynthSeg's are known: see degradations/_tissue_labels")
    return table[whole], names

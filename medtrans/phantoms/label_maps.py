"""Heads from label maps of real people: SynthSeg's numbers (FreeSurfer's, and some above 500 for what is not brain).

25 and 57 are white matter lesions, 136 to 164 choroid plexus, which is painted like mucosa.

Billot et al., Med Image Anal 2023, https://doi.org/10.1016/j.media.2023.102789. One number stands for fat and muscle
together: fat lies under the skin to a depth that differs between people, deeper it is streaked with muscle. 0 is air
outside and in sinuses and airways: what is not connected to the border through a wide opening is inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.arithmetic import uniform
from medtrans.phantoms.distances import distance
from medtrans.phantoms.fields import centred_axes, random_field
from medtrans.phantoms.skulls import Skull, reshape
from medtrans.phantoms.tissues import NUMBER

FAT_AND_MUSCLE = 507
CRUMB = 40
"""Voxels. Smaller pieces of air are errors of the map between tissues."""
DEEPEST_FAT = 12.0
"""Mm below the skin; farther down it is in streaks."""
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


def from_label_map(volume: Volume, rng: np.random.Generator, *, skull: Skull | None = None) -> Head:
    """Head of a label map, on its own grid without the empty margin; with another `skull`, see `skulls.draw`.

    Small errors of such maps, tissue in the air and air in tissue, are replaced by the tissue around them. Raises
    InputRefused on a number without a meaning, naming it.
    """
    volume = _without_margin(_largest_piece(volume))
    labels = np.asarray(volume.voxels[0]).astype(np.int64)
    table = np.full(max(int(labels.max()), 600) + 1, 255, np.uint8)
    for tissue, numbers in MEANING.items():
        table[list(numbers)] = NUMBER[tissue]
    if labels.min() < 0 or (table[labels] == 255).any():
        unknown = sorted(set(np.unique(labels).tolist()) - {n for numbers in MEANING.values() for n in numbers})
        raise InputRefused(
            "label map", f"holds the numbers {unknown[:8]}", "SynthSeg's are known: see label_maps.MEANING"
        )
    tissues = table[labels]
    tissues[_enclosed_air(tissues == NUMBER["air outside"])] = NUMBER["air inside"]
    _fill_crumbs(tissues, tissues == NUMBER["air inside"])
    if skull:
        tissues = reshape(tissues, volume.spacing, skull)
    _part_fat_from_muscle(tissues, volume.spacing, rng)
    return Head(tissues, (1, 1, 1), volume.like(np.zeros((1, *volume.shape), np.uint8)))


def _largest_piece(volume: Volume) -> Volume:
    pieces, _ = ndimage.label(volume.voxels[0])
    sizes = np.bincount(pieces.ravel())
    return volume.like(np.where(pieces == 1 + np.argmax(sizes[1:]), volume.voxels[0], 0)) if sizes[1:].any() else volume


def _without_margin(volume: Volume, left: int = 6) -> Volume:
    """Cut off empty planes at the sides, but `left` of them."""
    box = ndimage.find_objects((volume.voxels[0] != 0).astype(np.uint8))
    if not box:
        raise InputRefused("label map", "is empty", "give a label map of a head")
    sides = [slice(max(s.start - left, 0), s.stop + left) for s in box[0]]
    affine = volume.affine.copy()
    affine[:3, 3] += (affine[:3, :3] * [s.start for s in sides]).sum(axis=1)
    return Volume(volume.voxels[(slice(None), *sides)], affine)


def _enclosed_air(air: np.ndarray) -> np.ndarray:
    """Air that a ball of three voxels cannot reach from outside."""
    closed = ndimage.binary_closing(np.pad(~air, 4), iterations=3)[4:-4, 4:-4, 4:-4]
    return np.asarray(air & ndimage.binary_fill_holes(closed))


def _fill_crumbs(tissues: np.ndarray, air: np.ndarray) -> None:
    """Give each piece of `air` of fewer than CRUMB voxels to its neighbours, one layer after the other."""
    pieces, _ = ndimage.label(air)
    crumbs = np.bincount(pieces.ravel())[pieces] < CRUMB
    crumbs &= air
    for axis, step in [(axis, step) for axis in range(3) for step in (1, -1)] * 2:
        beside = np.roll(tissues, step, axis)
        filled = crumbs & (beside != NUMBER["air inside"])
        tissues[filled] = beside[filled]


def _part_fat_from_muscle(tissues: np.ndarray, spacing: Sequence[float], rng: np.random.Generator) -> None:
    """Fat within 2 to 7 mm of the skin, and where a smooth field is high; muscle elsewhere."""
    axes = centred_axes(tissues.shape, spacing)
    depth = distance(np.isin(tissues, [NUMBER["air outside"], NUMBER["skin"]]), spacing, DEEPEST_FAT)
    layer = uniform(rng, 2, 7) + 1.5 * random_field(rng, axes, 30)
    streaks = random_field(rng, axes, 8) > uniform(rng, 0.2, 1.2)
    muscle = (tissues == NUMBER["fat"]) & (depth > np.minimum(layer, DEEPEST_FAT - 1)) & ~streaks
    tissues[muscle] = NUMBER["muscle"]

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

from medtrans.core.arithmetic import uniform
from medtrans.core.errors import InputRefused
from medtrans.core.fields import centred_axes, random_field
from medtrans.core.volume import Volume
from medtrans.degradations._tissue_labels import label_of_tissue, tissue_of_labels
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.distances import distance
from medtrans.phantoms.skulls import Skull, reshape
from medtrans.phantoms.tissues import NUMBER, TISSUES

CRUMB = 40
"""Voxels. Smaller pieces of air are errors of the map between tissues."""
DEEPEST_FAT = 12.0
"""Mm below the skin; farther down it is in streaks."""


def from_label_map(
    volume: Volume, rng: np.random.Generator, *, skull: Skull | None = None, factor: int | tuple[int, int, int] = 1
) -> Head:
    """Head of a label map, on its own grid without the empty margin; with another `skull`, see `skulls.draw`.

    With a `factor`, of all axes or of each, the voxels of its images are so many times wider than those of the map, and
    have their partial volume: a last plane that fills no voxel is cut off. Small errors of such maps, tissue in the air
    and air in tissue, are replaced by the tissue around them. Raises InputRefused on a number without a meaning, naming
    it.
    """
    volume = _without_margin(_largest_piece(volume))
    numbers, names = tissue_of_labels(volume)
    tissues = np.array([NUMBER[name] for name in names], np.uint8)[numbers[0]]
    tissues[_enclosed_air(tissues == NUMBER["air outside"])] = NUMBER["air inside"]
    _fill_crumbs(tissues, tissues == NUMBER["air inside"])
    if skull:
        tissues = reshape(tissues, volume.spacing, skull)
    _part_fat_from_muscle(tissues, volume.spacing, rng)
    return Head(*_coarser(tissues, volume, (factor,) * 3 if isinstance(factor, int) else factor))


def label_map(head: Head) -> Volume:
    """Label map of a head, the tissue with the largest volume fraction in each voxel: int16, in SynthSeg's numbers."""
    numbers = np.array([label_of_tissue(tissue.name) for tissue in TISSUES], np.int16)
    return head.grid.like(numbers[head.tissues.voxels])


def _coarser(
    tissues: np.ndarray, volume: Volume, factor: tuple[int, int, int]
) -> tuple[np.ndarray, tuple[int, int, int], Volume]:
    """What a Head with voxels `factor` times wider than those of the label map is made of."""
    shape = [side // times for side, times in zip(tissues.shape, factor, strict=True)]
    affine = volume.affine.copy()
    affine[:3, 3] += (affine[:3, :3] * (np.array(factor) - 1)).sum(axis=1) / 2
    affine[:3, :3] *= factor
    kept = tissues[tuple(slice(times * side) for times, side in zip(factor, shape, strict=True))]
    return kept, factor, Volume(np.zeros((1, *shape), np.uint8), affine)


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

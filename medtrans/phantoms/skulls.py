"""Skull of a label map, replaced by a thicker or thinner one with diploë, under another scalp, over another brain.

    bone'    = {within `inward` or `outward` mm of bone, in CSF or scalp}, or bone less what they take off if negative
    diploë   = {more than `table` mm below the surface of bone'}

Every thickness varies smoothly over the head. Bone grows into CSF as far as it lies outside the brain's hull, so that
it never touches brain and never reaches into a sulcus; then the brain may shrink away from it, as with age. Bone grows
into scalp up to the skin; it is thinned to two millimetres at most, so that what was closed stays closed. New skin is
laid on the outside, and may be thick: near the vertex of a real head it is as wide as the fat below it. Where it is so
wide, its inner part differs from the outer one in many MR images: dermis, painted as muscle.

Between fat and bone lie galea, loose tissue and periosteum: one layer in MR and CT (Hayman et al., J Comput Assist
Tomogr 27, 2003, https://journals.lww.com/jcat/Abstract/2003/05000/Clinical_and_Imaging_Anatomy_of_the_Scalp.27.aspx),
nearly as dark as bone in many MR images, and so part of the bone in maps that were segmented on MR. It is taken off the
bone's outside and painted as the muscle it continues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from medtrans.core.arithmetic import uniforms
from medtrans.core.fields import centred_axes, random_field
from medtrans.core.filters import gaussian_filter
from medtrans.phantoms.distances import distance
from medtrans.phantoms.tissues import NUMBER

BONE = ("cortical bone", "marrow")
BRAIN = ("grey matter", "white matter", "deep grey matter", "lesion")
BRAINCASE = 12.0
"""Mm from the brain's cavity: what bone lies beyond is of face and neck, and stays as it is."""
FAR = 6.0
"""Mm beyond which distances to a surface need not be known."""
THINNEST = 2.0
SKIN = 2.0


@dataclass(frozen=True)
class Skull:
    """Mean and standard deviation over the head of each thickness, in mm, and the seed of its smooth fields."""

    inward: tuple[float, float] = (0.0, 0.0)
    """By how much the inner surface moves towards the brain; negative: away from it. -4 to 4."""
    outward: tuple[float, float] = (0.0, 0.0)
    """By how much the outer surface moves towards the skin. -4 to 4."""
    scalp: tuple[float, float] = (0.0, 0.0)
    """By how much the skin moves outwards. 0 to 4."""
    table: tuple[float, float] = (1.5, 0.0)
    """Thickness of the compact bone on either side of the diploë. 1 to 2."""
    atrophy: tuple[float, float] = (0.0, 0.0)
    """By how much the surface of the brain recedes, at the ventricles too, and leaves CSF. 0 to 2."""
    skin: tuple[float, float] = (0.0, 0.0)
    """By how much the skin reaches further into the fat below it. 0 to 4."""
    galea: tuple[float, float] = (0.0, 0.0)
    """Thickness of the layers from galea to periosteum, which replace the outside of the bone. 0 to 3."""
    dermis: tuple[float, float] = (0.0, 0.0)
    """Thickness of the inner layer of the skin, which replaces the outside of the fat. 0 to 3."""
    seed: int = 0


def draw(rng: np.random.Generator) -> Skull:
    """Random skull within the range of adults."""
    means = uniforms(rng, (-2, -1.5, 0, 1.1, -0.5, -1, 0, -2), (2, 3.5, 3, 2, 1.5, 3, 2.5, 2.5))
    deviations = uniforms(rng, (0.3, 0.3, 0.2, 0.1, 0.2, 0.2, 0.2, 0.2), (1.2, 1.2, 0.7, 0.4, 0.6, 1, 0.8, 0.8))
    thickness = ((float(m), float(sd)) for m, sd in zip(means, deviations, strict=True))
    names = ("inward", "outward", "scalp", "table", "atrophy", "skin", "galea", "dermis")
    return Skull(**dict(zip(names, thickness, strict=True)), seed=int(rng.integers(2**31)))


def reshape(tissues: np.ndarray, spacing: Sequence[float], skull: Skull) -> np.ndarray:
    """Tissue numbers (i, j, k) with this skull instead of their own. All tissue between skin and bone counts as fat."""
    inward, outward, scalp, table, atrophy, skin, galea, dermis = _fields(skull, centred_axes(tissues.shape, spacing))
    out, half = _with_scalp(tissues, spacing, scalp), min(spacing) / 2
    fat, below_skin = _is(out, "fat"), distance(_is(out, "skin"), spacing, FAR) - half
    out[fat & (below_skin < np.minimum(skin + dermis, FAR - 1))] = NUMBER["muscle"]
    out[fat & (below_skin < skin)] = NUMBER["skin"]
    box = _around(_is(out, *BRAIN), spacing)
    head = out[box]
    from_cavity = distance(_is(head, *BRAIN, "CSF", "blood"), spacing, BRAINCASE)
    _move_surfaces(head, spacing, from_cavity, inward[box], outward[box])
    _lay_galea(head, spacing, from_cavity, galea[box])
    brain = _is(head, *BRAIN)
    head[brain & (distance(~brain, spacing, FAR) - half < atrophy[box])] = NUMBER["CSF"]
    bone = _is(head, *BONE)
    braincase = bone & (from_cavity < BRAINCASE)
    head[braincase] = NUMBER["cortical bone"]
    head[braincase & (distance(~bone, spacing, FAR) - half > table[box])] = NUMBER["marrow"]
    return out


def _move_surfaces(
    head: np.ndarray, spacing: Sequence[float], from_cavity: np.ndarray, inward: np.ndarray, outward: np.ndarray
) -> None:
    """Thicken and thin the bone of the braincase, in place."""
    bone, half = _is(head, *BONE), min(spacing) / 2
    braincase = bone & (from_cavity < BRAINCASE)
    to_bone = distance(braincase, spacing, FAR) - half
    below_skin = distance(_is(head, "skin", "air outside"), spacing, 2 * SKIN) - half
    growing = _is(head, "CSF") & (to_bone < inward) & ~hull_of_brain(head, spacing)
    growing |= _is(head, "fat") & (to_bone < outward) & (below_skin > 0.5)

    from_cavity, from_outside = from_cavity - half, distance(~bone & (from_cavity > 0), spacing, FAR) - half
    inner, outer = np.maximum(-inward, 0), np.maximum(-outward, 0)
    spare = np.maximum(from_cavity + from_outside - THINNEST, 0)
    share = np.minimum(spare / np.maximum(inner + outer, np.float32(1e-6)), 1)
    head[braincase & (from_outside < outer * share)] = NUMBER["fat"]
    head[braincase & (from_cavity < inner * share)] = NUMBER["CSF"]
    head[growing] = NUMBER["cortical bone"]


def _lay_galea(head: np.ndarray, spacing: Sequence[float], from_cavity: np.ndarray, galea: np.ndarray) -> None:
    """Turn the outside of the braincase into soft tissue, in place, but for the last millimetres of bone."""
    half = min(spacing) / 2
    from_scalp = distance(_is(head, "fat", "muscle", "skin"), spacing, FAR) - half
    left = distance(_is(head, *BRAIN, "CSF", "blood"), spacing, FAR) - half
    bone = _is(head, *BONE) & (from_cavity < BRAINCASE)
    head[bone & (from_scalp < galea) & (left > THINNEST)] = NUMBER["muscle"]


def _fields(skull: Skull, axes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The eight thicknesses at every voxel, in mm."""
    rng = np.random.default_rng(skull.seed)
    limits = (
        (skull.inward, -4, 4, 40), (skull.outward, -4, 4, 40), (skull.scalp, 0, 4, 60), (skull.table, 1, 2, 15),
        (skull.atrophy, 0, 2, 30), (skull.skin, 0, 4, 60), (skull.galea, 0, 3, 40), (skull.dermis, 0, 3, 40),
    )  # fmt: skip
    return [
        np.clip(mean + np.float32(sd) * random_field(rng, axes, wide), low, high)
        for (mean, sd), low, high, wide in limits
    ]


def _with_scalp(tissues: np.ndarray, spacing: Sequence[float], scalp: np.ndarray) -> np.ndarray:
    """Tissues of a body that is larger by `scalp` where it has skin, with fat in the place of the former skin."""
    outside, skin, half = _is(tissues, "air outside"), _is(tissues, "skin"), min(spacing) / 2
    rise = scalp - np.where(outside, distance(skin, spacing, FAR) - half, half - distance(outside, spacing, FAR))
    new = tissues.copy()
    new[outside & (rise > 0)] = NUMBER["skin"]
    new[(outside | skin) & (scalp > half) & (rise > SKIN)] = NUMBER["fat"]
    return new


def _around(mask: np.ndarray, spacing: Sequence[float]) -> tuple[slice, ...]:
    """The box of `mask` and everything within the reach of a braincase."""
    sides = (ndimage.find_objects(mask.astype(np.uint8)) or [(slice(0, 0),) * mask.ndim])[0]
    wide = [int((BRAINCASE + FAR) / mm) for mm in spacing]
    return tuple(slice(max(side.start - more, 0), side.stop + more) for side, more in zip(sides, wide, strict=True))


def hull_of_brain(tissues: np.ndarray, spacing: Sequence[float], wide: float = 3.0) -> np.ndarray:
    """Hull of the brain: its sulci, `wide` mm across, and the voxels next to it included."""
    brain = _is(tissues, *BRAIN)
    blurred = gaussian_filter(brain.astype(np.float32), [wide / mm for mm in spacing], truncate=3)
    return np.asarray((blurred > 0.35) | ndimage.binary_dilation(brain))


def _is(tissues: np.ndarray, *names: str) -> np.ndarray:
    chosen = np.zeros(256, bool)
    chosen[[NUMBER[name] for name in names]] = True
    return chosen[tissues]

"""Pairs painted from a label map: an MR of a random contrast, and the image that it is to be translated to.

A network that was trained with them has seen no real image, but the shapes of people: Billot et al., Med Image Anal
2023, https://doi.org/10.1016/j.media.2023.102789; Iglesias et al., Science Advances 2023,
https://doi.org/10.1126/sciadv.add3607
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import nibabel as nib
import numpy as np
from annotated_types import Ge, Interval, MinLen

from medtrans.core.arithmetic import uniform
from medtrans.core.ct_window import brain_window
from medtrans.core.modality import ModalityName
from medtrans.core.settings import Settings
from medtrans.core.volume import Volume
from medtrans.phantoms import skulls
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.contrasts import paint_ct, paint_mr
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.mr_appearance import Appearance, other_scanner, random_contrast
from medtrans.phantoms.t1_target import clean_t1, is_t1
from medtrans.phantoms.tissues import NUMBER

MODALITIES: Mapping[str, ModalityName] = {"CT": "CT", "T1": "MR", "tissues": "labels"}
"""Of the targets, by the name of what is painted."""
BONES = ("cortical bone", "dentine", "enamel")
VOID, BRIGHT = 0.3, 0.1
"""Share of the MR images in which bone has no more signal than air, and in which it has one: those of UTE and ZTE."""
MARROW, CT_NOISE = (300.0, 550.0), (3.0, 12.0)
"""HU, from lowest to highest: the mean of spongy bone, and the noise of a CT that is a source."""


@dataclass(frozen=True, kw_only=True)
class PaintingSettings(Settings):
    target: Literal["CT", "T1", "tissues"] | None = None
    """Image that is painted as the target of each label map: CT without noise, a clean T1 (an MPRAGE of
    1.5 T), or numbers of tissues; none where images are read."""
    keeps_t1: bool = False
    """With the target T1: a source that looks like a T1 keeps its contrast, since its target is the same image without
    noise and blur; of any other source it is an MPRAGE."""
    contrasts: Annotated[tuple[Literal["T1", "T2", "FLAIR", "PD", "CT"], ...], MinLen(1)] = ("T1", "T2", "FLAIR", "PD")
    """Contrasts of half of the sources, on random scanners; one that is named twice is drawn twice as often. The other
    half has any contrast. CT has the HU from 0 to 80, for a model with preparing.takes_ct."""
    new_skulls: bool = True
    """Whether the thickness of skull and scalp, and the atrophy of the brain, are drawn in training."""
    skull_stripped: Annotated[float, Interval(ge=0, le=1)] = 0.0
    """Share of the pairs with nothing but the brain in both images, as after brain extraction. Not for CT."""
    paintings_per_head: Annotated[int, Ge(1)] = 8
    """Paintings of a head before its skull and scalp are drawn anew, which takes much longer than to paint it."""
    items_per_draw: Annotated[int, Ge(1)] = 64
    """Training items taken from a painting before the next one."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the one painting of each validation and test case."""


@dataclass(frozen=True, eq=False)
class PaintedPair:
    """Source, target and body mask on one grid."""

    source: Volume
    target: Volume
    mask: Volume


def painted_head(
    labels: Volume, rng: np.random.Generator, *, new_skull: bool, factor: int | tuple[int, int, int]
) -> Head:
    """The head of a label map, with a random skull and scalp where they are new. Raises InputRefused."""
    skull = skulls.draw(rng) if new_skull else None
    return from_label_map(labels, rng, skull=skull, factor=factor)


def factor_for(labels: Volume, spacing: Sequence[float] | None) -> tuple[int, int, int]:
    """How many times wider than those of the label map the voxels of `spacing` mm are, along each axis of the map.

    Rounded down to whole numbers of at least 1. `spacing` is that along left-right, back-front and feet-head.
    """
    if not spacing:
        return 1, 1, 1
    axes = nib.orientations.io_orientation(labels.affine)[:, 0].astype(int)
    i, j, k = (max(1, int(spacing[axis] / mm + 1e-3)) for axis, mm in zip(axes, labels.spacing, strict=True))
    return i, j, k


def paint_pair(head: Head, settings: PaintingSettings, rng: np.random.Generator) -> PaintedPair:
    """A source of a random contrast and the target."""
    contrast = settings.contrasts[int(rng.integers(len(settings.contrasts)))]
    known = rng.random() < 0.5
    if known and contrast == "CT":
        ct = paint_ct(head, rng, noise=uniform(rng, *CT_NOISE), marrow=uniform(rng, *MARROW))
        source, target = brain_window(ct), _target(head, settings.target, rng)
    else:
        appearance = _with_bone(other_scanner(contrast, rng) if known else random_contrast(rng), rng)
        before = deepcopy(rng)
        source = paint_mr(head, appearance, rng)
        own = settings.target == "T1" and settings.keeps_t1 and is_t1(appearance)
        target = clean_t1(head, before, appearance) if own else _target(head, settings.target, rng)
    pair = PaintedPair(source, target, head.mask)
    return _stripped(pair, head, rng) if settings.skull_stripped and rng.random() < settings.skull_stripped else pair


def _stripped(pair: PaintedPair, head: Head, rng: np.random.Generator) -> PaintedPair:
    """The brain of the pair alone, with more or less of the CSF around it."""
    grid = head.grid
    brain = skulls.hull_of_brain(head.tissues.voxels[0], grid.spacing, uniform(rng, 2, 5))
    source, target = (image.like(np.where(brain, image.voxels, 0)) for image in (pair.source, pair.target))
    return PaintedPair(source, target, grid.like(brain[None].astype(np.uint8)))


def _target(head: Head, kind: str | None, rng: np.random.Generator) -> Volume:
    if kind == "tissues":
        return head.tissues
    if kind == "T1":
        return clean_t1(head, rng)
    return paint_ct(head, rng, noise=0, marrow=uniform(rng, *MARROW))


def _with_bone(appearance: Appearance, rng: np.random.Generator) -> Appearance:
    """The appearance with bone as dark as air in a share of the images, and bright in another."""
    drawn = rng.random()
    if drawn >= VOID + BRIGHT:
        return appearance
    signals, texture = list(appearance.signals), list(appearance.texture)
    signal = 0.0 if drawn < VOID else uniform(rng, 0.2, 0.9) * max(signals)
    for bone in BONES:
        signals[NUMBER[bone]], texture[NUMBER[bone]] = signal, 0.05 * signal
    return replace(appearance, signals=tuple(signals), texture=tuple(texture))

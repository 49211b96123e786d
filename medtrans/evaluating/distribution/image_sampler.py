"""Sampling of images from sets of volumes: one intensity scale, one grid, slices of each volume, features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.modality import AIR_HU, MODALITIES
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.choices import WHOLE
from medtrans.evaluating.distribution.extractors import Extractor
from medtrans.preparing.masks import body_mask
from medtrans.preparing.normalisation.linear import HIGHEST_HU, Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.patches import PLANES, slice_stack
from medtrans.preparing.preparation import Preparation

HU_SCALE = Linear(low=AIR_HU, high=HIGHEST_HU)


@dataclass(frozen=True)
class ImageSampler:
    """`view` is a plane, from which `slices` are taken of each volume, or "volume"."""

    extractor: Extractor
    preparation: Preparation
    view: str
    slices: int
    intensities: str
    """The intensity scale in words."""

    def features(self, volume: Volume) -> np.ndarray:
        """(image, feature) of one volume. Raises InputRefused, EmptyMask."""
        return self.extractor(self.images(volume))

    def images(self, volume: Volume) -> np.ndarray:
        """(image, channel, *space): the whole volume, or equally spaced slices of the body."""
        prepared = self.preparation.prepare_source(volume)
        if self.view == WHOLE:
            return prepared.voxels[None]
        axis = PLANES[self.view]
        body = np.flatnonzero(prepared.mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if len(body) < self.slices:
            what = f"has {len(body)} {self.view} slices with body, {self.slices} are taken of each volume"
            raise InputRefused("volume", what, "take fewer")
        places = body[np.linspace(0, len(body) - 1, self.slices).round().astype(int)]
        stack = self.preparation.settings.slices
        return np.stack([slice_stack(prepared.voxels, axis, int(place), stack) for place in places])


@dataclass(frozen=True)
class IntensityRange:
    """Intensities of one real volume, from which the scale of all volumes is derived."""

    is_ct: bool
    """Whether the values are plausible as CT in HU."""
    top: float
    """99.5th percentile in the body; nan for CT."""

    @classmethod
    def of(cls, volume: Volume) -> IntensityRange:
        """Raises InputRefused on a volume without contrast."""
        if not MODALITIES["CT"].check(volume.voxels, "volume"):
            return cls(True, float("nan"))
        typical = Percentiles().fit([(volume.voxels[0], body_mask(volume.voxels[0]))]).typical_range
        assert typical is not None
        return cls(False, typical[1])


def one_scale(real: Sequence[IntensityRange], where: str) -> tuple[Linear, str]:
    """The scale for every volume of both sets, and in words. Raises InputRefused where the real set is mixed."""
    count = sum(range_.is_ct for range_ in real)
    if 0 < count < len(real):
        what = f"{count} of {len(real)} volumes are CT in HU, the others are not"
        raise InputRefused(where, what, "give a set of one modality")
    if count:
        ends = f"{AIR_HU:g} … {HIGHEST_HU:g} HU"
        return HU_SCALE, f"every volume on one scale, {ends} to -1 … 1, not clipped"
    top = float(np.median([range_.top for range_ in real]))
    words = f"every volume on one scale, 0 … {top:g} to -1 … 1, not clipped; the end is the real volumes' median"
    return Linear(low=0, high=top), f"{words} of the 99.5th percentile in the body"

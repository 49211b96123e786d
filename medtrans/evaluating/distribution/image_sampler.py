"""How sets of volumes are looked at: brought to one scale and grid, cut into images, read by an extractor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.extractors import Extractor
from medtrans.evaluating.input_checks import doubt_hounsfield
from medtrans.preparing.masks import body_mask
from medtrans.preparing.normalisation import Linear, Percentiles
from medtrans.preparing.patches import PLANES, slice_stack
from medtrans.preparing.preparation import Preparation

WHOLE = "volume"
VIEWS = (*PLANES, WHOLE)
HOUNSFIELD = Linear()


@dataclass(frozen=True)
class ImageSampler:
    """`view` is a plane, of which `slices` are taken of each volume, or "volume"."""

    extractor: Extractor
    preparation: Preparation
    view: str
    slices: int
    intensities: str
    """In words."""

    def features(self, volume: Volume) -> np.ndarray:
        """(image, feature) of one volume. Raises InputRefused, EmptyMask."""
        return self.extractor(self.images(volume))

    def images(self, volume: Volume) -> np.ndarray:
        """(image, channel, *space): the whole, or slices evenly from the body."""
        prepared = self.preparation.source(volume)
        if self.view == WHOLE:
            return prepared.voxels[None]
        axis = PLANES[self.view]
        holds = np.flatnonzero(prepared.within.any(axis=tuple(other for other in range(3) if other != axis)))
        if len(holds) < self.slices:
            what = f"has {len(holds)} {self.view} slices with body, {self.slices} are taken of each volume"
            raise InputRefused("volume", what, "take fewer")
        places = holds[np.linspace(0, len(holds) - 1, self.slices).round().astype(int)]
        stack = self.preparation.settings.stack
        return np.stack([slice_stack(prepared.voxels, axis, int(place), stack) for place in places])


@dataclass(frozen=True)
class IntensityRange:
    """What the scale for all volumes is found by, in one real volume."""

    hounsfield: bool
    top: float
    """99.5th percentile in the body; nan for HU."""

    @classmethod
    def of(cls, volume: Volume) -> IntensityRange:
        """Raises InputRefused on a volume without contrast."""
        if not doubt_hounsfield(volume.voxels):
            return cls(True, float("nan"))
        typical = Percentiles().fit([(volume.voxels[0], body_mask(volume.voxels[0]))]).typical
        assert typical is not None
        return cls(False, typical[1])


def one_scale(real: Sequence[IntensityRange], where: str) -> tuple[Linear, str]:
    """The scale for every volume of both sets, and in words. Raises InputRefused where real ones are CT and not CT."""
    count = sum(seen.hounsfield for seen in real)
    if 0 < count < len(real):
        what = f"{count} of {len(real)} volumes are CT in HU, the others are not"
        raise InputRefused(where, what, "give a set of one kind")
    if count:
        ends = f"{HOUNSFIELD.low:g} … {HOUNSFIELD.high:g} HU"
        return HOUNSFIELD, f"every volume by one scale, {ends} to -1 … 1, not clipped"
    top = float(np.median([seen.top for seen in real]))
    said = f"every volume by one scale, 0 … {top:g} to -1 … 1, not clipped; the end is the real volumes' median"
    return Linear(low=0, high=top), f"{said} of the 99.5th percentile in the body"

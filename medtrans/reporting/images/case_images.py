"""Images of one case: source, target, translation and mask on one voxel grid, with their modalities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from medtrans.core.errors import GridMismatch
from medtrans.core.modality import Modality, find_modality
from medtrans.core.volume import Volume


@dataclass(frozen=True, eq=False)
class CaseImages:
    """One case. Of each volume only the first channel is displayed. Raises GridMismatch where the grids differ."""

    case: str
    source: Volume | None
    target: Volume | None
    translated: Volume
    mask: Volume | None = None
    source_modality: str = field(kw_only=True)
    target_modality: str = field(kw_only=True)
    """Decides unit and display windows of target, translation and difference."""
    structures: Mapping[str, Volume] = field(default_factory=dict)
    """Role → index of the class of each voxel, 0 for background."""
    classes: tuple[str, ...] = ()
    """Names of the classes 1, 2 …"""
    maps: Mapping[str, Volume] = field(default_factory=dict)
    """Name → further values of each voxel, from 0 on, such as an uncertainty; in the viewer alone."""

    def __post_init__(self) -> None:
        for role, other in (("source", self.source), ("target", self.target), ("mask", self.mask)):
            if other is not None and not self.translated.shares_grid_with(other):
                grids = [f"{volume.shape} {volume.orientation}" for volume in (self.translated, other)]
                what = f"the translation has the grid {grids[0]}, the {role} has {grids[1]} or another position"
                raise GridMismatch(self.case, what, "resample it to the grid of the translation")

    def modality(self, role: str) -> Modality:
        """Modality of the volume in `role`."""
        return find_modality(self.source_modality if role == "source" else self.target_modality)

    @property
    def difference(self) -> Volume | None:
        """Translated - target, one channel of float32; None without a target."""
        if self.target is None:
            return None
        translated, target = (volume.voxels[0].astype(np.float32) for volume in (self.translated, self.target))
        with np.errstate(invalid="ignore"):  # infinite - infinite gives nan, displayed as a hole
            return self.translated.like(translated - target)

"""Measurements: one quantity, or one structure, of a target and of its translation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

MISSED_BELOW = 0.1
"""Fraction of the target's volume: a structure of which less is found in its place is missed. A voxel or two are no
organ, and what the system finds elsewhere is not this structure."""
Found = Literal["both", "neither", "missed", "invented"]


@dataclass(frozen=True)
class Measurement:
    """One quantity of one case, such as the mean in the mask, for Bland-Altman plots."""

    case: str
    subject: str
    name: str
    unit: str
    target: float
    translated: float


@dataclass(frozen=True)
class Structure:
    """One class of the label maps of one case: that of `system` against that of the target.

    Overlap and distance are nan where neither map has the structure.
    """

    case: str
    subject: str
    system: str
    name: str
    ml: float
    """Volume in the label map of the system."""
    real_ml: float
    """Volume in the label map of the target."""
    dice: float = math.nan
    hd95: float = math.nan
    """95th percentile of the Hausdorff distance, in mm."""
    surface_dice: float = math.nan

    @property
    def overlap_ml(self) -> float:
        """The volume that both maps have, |A ∩ B|; 0 where Dice is not known."""
        return 0.0 if math.isnan(self.dice) else self.dice * (self.ml + self.real_ml) / 2

    @property
    def volume_error(self) -> float:
        """Absolute difference of the volumes in ml."""
        return math.nan if self.found == "neither" else abs(self.ml - self.real_ml)

    @property
    def volume_error_percent(self) -> float:
        """Absolute difference in percent of the target's volume; nan where that is 0."""
        return 100 * self.volume_error / self.real_ml if self.real_ml else math.nan

    @property
    def found(self) -> Found:
        """In "both" maps or in "neither"; "missed" or "invented" by the system."""
        if self.real_ml:
            return "missed" if self.overlap_ml < MISSED_BELOW * self.real_ml else "both"
        return "invented" if self.ml else "neither"

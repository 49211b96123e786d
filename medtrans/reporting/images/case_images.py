"""A case to be shown: its volumes on one grid, and the grey windows they are shown in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from medtrans.core.errors import GridMismatch
from medtrans.core.volume import Volume

PERCENTILES = (0.5, 99.5)
"""The window of an image without a physical unit."""


@dataclass(frozen=True)
class Window:
    """What is black and what is white. Equal ends are drawn as if a unit apart."""

    name: str
    low: float
    high: float
    unit: str = ""

    @property
    def words(self) -> str:
        return f"{self.low:g} … {self.high:g} {self.unit}".strip().replace("-", "−")

    @property
    def sentence(self) -> str:
        """With level and width, as a viewer asks for them."""
        level, width = (self.low + self.high) / 2, self.high - self.low
        return f"{self.name} {self.words} (L {level:g}, W {width:g})".replace("-", "−")


SOFT, BONE = Window("Soft tissue", -160, 240, "HU"), Window("Bone", -200, 1000, "HU")
SOFT_DIFFERENCE, BONE_DIFFERENCE = (Window("Difference", -limit, limit, "HU") for limit in (200, 1000))
"""Fixed, so that reports can be laid side by side."""


@dataclass(frozen=True, eq=False)
class CaseImages:
    """One case; only the first channel of each volume is shown. Raises GridMismatch where a volume lies elsewhere."""

    case: str
    source: Volume | None
    target: Volume | None
    translated: Volume
    mask: Volume | None = None
    structures: Mapping[str, Volume] = field(default_factory=dict)
    """Role → which class a segmenter found there, 0 where none."""
    classes: tuple[str, ...] = ()
    """Their names, of 1, 2 …"""

    def __post_init__(self) -> None:
        for role, other in (("source", self.source), ("target", self.target), ("mask", self.mask)):
            if other is not None and not self.translated.shares_grid_with(other):
                grids = [f"{volume.shape} {volume.orientation}" for volume in (self.translated, other)]
                what = f"translated is {grids[0]}, {role} is {grids[1]} or lies elsewhere"
                raise GridMismatch(self.case, what, "resample it to the grid of the translation first")

    @property
    def difference(self) -> Volume | None:
        """Translated - target, one channel of float32; None where there is no target."""
        if self.target is None:
            return None
        made, true = (volume.voxels[0].astype(np.float32) for volume in (self.translated, self.target))
        with np.errstate(invalid="ignore"):  # infinite - infinite is nan, and shown as a hole
            return self.translated.like(made - true)


def is_hounsfield(volume: Volume) -> bool:
    """Whether the values can only be CT in HU: air lies far below 0."""
    values = volume.voxels[0]
    return bool(np.min(values, where=np.isfinite(values), initial=0) <= -500)


def windows(volume: Volume, within: np.ndarray, *, hounsfield: bool | None = None) -> tuple[Window, ...]:
    """Soft tissue and bone for CT; else one window between percentiles of the finite values within (i, j, k)."""
    if is_hounsfield(volume) if hounsfield is None else hounsfield:
        return SOFT, BONE
    values = volume.voxels[0][within]
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, PERCENTILES) if values.size else (0.0, 1.0)
    return (Window("{:g}th … {:g}th percentile in the body,".format(*PERCENTILES), _short(low), _short(high), "a.u."),)


def difference_windows(difference: np.ndarray, within: np.ndarray, grey: tuple[Window, ...]) -> tuple[Window, ...]:
    """One for each grey window: fixed for CT, else up to the reach of the difference within (i, j, k)."""
    if grey == (SOFT, BONE):
        return SOFT_DIFFERENCE, BONE_DIFFERENCE
    limit = reach(difference, within)
    return (Window("Difference", -limit, limit, grey[0].unit),)


def reach(difference: np.ndarray, within: np.ndarray) -> float:
    """A round limit that 99 % of |difference| within stays below: 1, 2, 3, 4, 5 or 8 times a power of ten."""
    values = np.abs(difference[within])
    values = values[np.isfinite(values)]
    top = float(np.percentile(values, 99)) if values.size else 0.0
    if top <= 0:
        return 1.0
    tens = 10.0 ** np.floor(np.log10(top))
    return float(tens * next(step for step in (1, 2, 3, 4, 5, 8, 10) if step >= 0.9999 * top / tens))


def _short(value: float) -> float:
    """Three digits: a window's end needs no more."""
    return float(f"{value:.3g}")

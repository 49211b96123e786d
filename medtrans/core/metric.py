"""A metric measures one case; a score is one number with everything needed to read it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.settings import Settings

Direction = Literal["higher", "lower"]
Spacing = tuple[float, float, float]
"""Millimetres between voxel centres along i, j, k."""


@dataclass(frozen=True, kw_only=True)
class ImageMetric(Settings, ABC):
    """One measure of one case; its subclasses' fields are its definition (value range, window …).

    Called with arrays (i, j, k) of one shape in the target's unit; `within` is true where counted, and nothing else is
    looked at. A metric in mm measures with `spacing`, the others leave it.
    """

    unit: ClassVar[str] = ""
    """In its table; "of the image" stands for the target's own unit."""
    direction: ClassVar[Direction] = "lower"
    modality: ClassVar[Literal["", "CT", "dose"]] = ""
    """The only kind of image it means something for: CT in HU, dose in Gy; empty for any."""
    comparable: ClassVar[bool] = True
    """False where an image unlike the target can be good (texture, sharpness, shared information): no verdict on it."""

    @abstractmethod
    def __call__(
        self, translated: np.ndarray, target: np.ndarray, within: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The value. Raises EmptyMask where nothing is to be counted, InputRefused where it cannot be measured."""


@dataclass(frozen=True, kw_only=True)
class DistributionMetric(Settings, ABC):
    """One measure of a set of images beside a real one; its subclasses' fields are its definition.

    Called with what one extractor read from both: features (image, feature). The value depends on the extractor and on
    the number of images: name both, and show it beside that of two real sets of the same sizes. `each` consecutive
    images are slices of one volume: volumes, not slices, are independent.
    """

    direction: ClassVar[Direction] = "lower"

    @abstractmethod
    def __call__(self, made: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """The value. Warns where the sets are too small for it, raises InputRefused where they have none."""

    def p(self, made: np.ndarray, real: np.ndarray, dice: np.random.Generator, each: int = 1) -> float:
        """Of both sets coming from one distribution, where the metric has a test; else nan."""
        return math.nan


@dataclass(frozen=True, kw_only=True)
class UncertaintyMetric(Settings, ABC):
    """How well a translation's own spread tells its error; its subclasses' fields are its definition.

    Called with error and spread of the voxels that count, flat arrays in one unit; the spread is a standard deviation.
    """

    direction: ClassVar[Direction] = "lower"

    @abstractmethod
    def __call__(self, error: np.ndarray, spread: np.ndarray) -> float:
        """The value. Raises EmptyMask where too few voxels count, InputRefused where it cannot be measured."""

    def told(self, error: np.ndarray, spread: np.ndarray) -> str:
        """What there is to say beside the value."""
        return ""


@dataclass(frozen=True)
class Score:
    """One number of one case. `who` is what was scored: "translated", or the name of a control.

    `value` is nan where it could not be computed; `note` then says why.
    """

    case: str
    subject: str
    system: str
    metric: str
    value: float
    unit: str = ""
    direction: Direction = "lower"
    note: str = ""


@dataclass(frozen=True)
class Definition:
    """What a set of scores means. Scores with different definitions are never compared."""

    preset: str
    value_range: tuple[float, float]
    data_range: float
    mask: str
    details: tuple[str, ...] = ()
    """One sentence per choice that changes the number: clipping, window, normalisation."""

"""A metric measures one case; a score is one number with everything needed to read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.settings import Settings

Better = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Metric(Settings, ABC):
    """One measure of one case; its subclasses' fields are its definition (value range, window …).

    Called with arrays (i, j, k) of one shape in the target's unit; `within` is true where counted.
    """

    unit: ClassVar[str] = ""
    better: ClassVar[Better] = "lower"

    @abstractmethod
    def __call__(self, translated: np.ndarray, target: np.ndarray, within: np.ndarray) -> float:
        """The value. Raises EmptyMask where nothing is to be counted."""


@dataclass(frozen=True, kw_only=True)
class CohortMetric(Settings, ABC):
    """One measure of a set of images beside a real one; its subclasses' fields are its definition.

    Called with what one extractor read from both: features (image, feature). The value depends on the extractor and on
    the number of images: name both, and show it beside that of two real sets of the same sizes.
    """

    better: ClassVar[Better] = "lower"

    @abstractmethod
    def __call__(self, made: np.ndarray, real: np.ndarray) -> float:
        """The value. Warns where the sets are too small for it."""


@dataclass(frozen=True)
class Score:
    """One number of one case. `who` is what was scored: "translated", or the name of a control.

    `value` is nan where it could not be computed; `note` then says why.
    """

    case: str
    subject: str
    who: str
    metric: str
    value: float
    unit: str = ""
    better: Better = "lower"
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

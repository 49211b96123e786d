"""Metrics: the base classes of image, distribution, uncertainty and operator metrics."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.known_operator import KnownOperator
from medtrans.core.score import Direction
from medtrans.core.settings import Settings

Spacing = tuple[float, float, float]
"""Millimetres between voxel centres along i, j, k."""
Borders = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""For each axis, the voxels before which a sliding window begins or ends."""
Measure = Callable[[np.ndarray, np.ndarray, np.ndarray, Spacing], float]
"""(translated, target, mask, spacing) → value."""


@dataclass(frozen=True, eq=False)
class CaseFacts:
    """What is known of a case beside its images."""

    window_borders: Borders | None = None
    """Of the translation; None where they are unknown."""
    tissues: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Classes of the target's label map: name → mask (i, j, k); empty without a segmenter."""
    change: np.ndarray | None = None
    """True where the target differs from the source, a visit at another time (i, j, k); None where it is unknown."""


@dataclass(frozen=True, kw_only=True)
class Metric(Settings, ABC):
    """A metric; the fields of a subclass are its settings and define the number (value range, window, bins …)."""

    unit: ClassVar[str] = ""
    """Unit in a table; "of the image" stands for the target's own unit."""
    direction: ClassVar[Direction] = "lower"
    """Whether higher or lower values are better."""
    modality: ClassVar[Literal["", "CT", "dose"]] = ""
    """The only modality it is defined for: CT in HU, dose in Gy; empty for any."""
    comparable: ClassVar[bool] = True
    """False where an image unlike the target can have a good value (texture, sharpness, shared information): such a
    metric gives no verdict."""


@dataclass(frozen=True, kw_only=True)
class ImageMetric(Metric, ABC):
    """A metric of one translated image against its target.

    Called with arrays (i, j, k) of one shape in the target's unit. `mask` is true where a voxel counts; values outside
    it have no influence. A metric in millimetres uses `spacing`, the others ignore it.
    """

    @abstractmethod
    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The value. Raises EmptyMask where no voxel counts, InputRefused where the metric is undefined."""

    def of_case(self, facts: CaseFacts) -> Measure:
        """The measure for one case; itself, unless it depends on more than the images."""
        return self

    def remark(self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray) -> str:
        """A reservation about the value; empty where there is none."""
        return ""


@dataclass(frozen=True, kw_only=True)
class DistributionMetric(Metric, ABC):
    """A distance between a set of generated images and a set of real images.

    Called with features (image, feature) of both sets, by one extractor. The value depends on the extractor and on the
    number of images: report both, and the value between two real sets of the same sizes. `each` consecutive images are
    slices of one volume: volumes, not slices, are independent.
    """

    @abstractmethod
    def __call__(self, generated: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """The value. Raises InputRefused where a set has too few images."""

    def remark(self, generated: np.ndarray, real: np.ndarray) -> str:
        """A reservation about the value, such as small sets; empty where there is none."""
        return ""

    def p_value(self, generated: np.ndarray, real: np.ndarray, rng: np.random.Generator, each: int = 1) -> float:
        """The p value of both sets coming from one distribution; nan where the metric has no test."""
        return math.nan


@dataclass(frozen=True, kw_only=True)
class UncertaintyMetric(Metric, ABC):
    """Agreement of a predicted standard deviation with the error that was made.

    Called with the error and the standard deviation of the voxels that count: flat arrays in one unit. `samples` is the
    number of samples whose mean was scored and whose standard deviation it is; None takes it as exact. A perfect
    posterior must have the best value for every number of samples.
    """

    @abstractmethod
    def __call__(self, error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> float:
        """The value. Raises EmptyMask where too few voxels count, InputRefused where the metric is undefined."""

    def remark(self, error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> str:
        """A sentence that belongs to the value; empty where there is none."""
        return ""


@dataclass(frozen=True, kw_only=True)
class OperatorMetric(Metric, ABC):
    """Agreement of a restored image with the measurements of a linear degradation that is known.

    Called with the error and the target (channel, i, j, k) in one unit, double precision, where 0 is no signal: of a CT
    the attenuation, HU + 1000. All voxels count, since a measurement mixes those of the whole image.
    """

    comparable: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, error: np.ndarray, target: np.ndarray, operator: KnownOperator) -> float:
        """The value. Raises InputRefused where the metric is undefined."""

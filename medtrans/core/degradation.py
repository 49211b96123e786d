"""Degradation: one way to worsen an image, such as noise, blur or a bias field."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Interval

from medtrans.core.bounds import range_text
from medtrans.core.errors import UsageError
from medtrans.core.modality import ModalityName
from medtrans.core.settings import Settings, hints_of
from medtrans.core.volume import Volume

SEEDS = 1 << 32
"""Number of seeds that `draw_seed` chooses from."""
CONJUGATE_GRADIENT_STEPS = 100
CONJUGATE_GRADIENT_TOLERANCE = 1e-12
"""Of the squared gradient, relative to the first."""

Drawn: TypeAlias = float | tuple[float, float]
"""A setting whose value is a number, or is drawn anew for each image between two numbers, [low, high]."""
_NonNegative: TypeAlias = Annotated[float, Ge(0)]
_Positive: TypeAlias = Annotated[float, Gt(0)]
_Share: TypeAlias = Annotated[float, Interval(ge=0, le=1)]
NonNegative: TypeAlias = _NonNegative | tuple[_NonNegative, _NonNegative]
Positive: TypeAlias = _Positive | tuple[_Positive, _Positive]
Share: TypeAlias = _Share | tuple[_Share, _Share]
"""Such settings within bounds; a share lies from 0 to 1."""


@dataclass(frozen=True)
class Ladder:
    """The parameter that makes a degradation stronger, with values from none at all to the strongest."""

    parameter: str
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Degradation(Settings, ABC):
    """A degradation; the fields of a subclass are its settings, and bear the names of the parameters that they bound.

    Random numbers are drawn first, then applied: the parameters are plain numbers that can be written to JSON, and the
    same parameters give the same image. Voxels of CT are in HU; those of other images are relative: 0 is air, 1 about
    the bright end of the body.
    """

    modalities: ClassVar[tuple[ModalityName, ...]] = ("MR", "PET", "CT")
    """Kinds of image that have this degradation."""
    role: ClassVar[Literal["local", "global"]] = "local"
    """Of a local one a voxel depends on its neighbourhood alone, so that patches can be degraded one by one."""
    keeps_grid: ClassVar[bool] = True
    """Whether the degraded image has the voxels of the original."""
    takes_labels: ClassVar[bool] = False
    """Whether `apply` takes a label map of the image, `labels`."""
    units: ClassVar[Mapping[str, str]] = {}
    """The unit of each setting that is a number."""
    ladder: ClassVar[Ladder]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple) and len(value) == 2 and not value[0] <= value[1]:
                what = f"[{value[0]:g}, {value[1]:g}] is no range from low to high"
                raise UsageError(field.name, what, f"set [{value[1]:g}, {value[0]:g}]")

    @classmethod
    def note(cls, key: str) -> str:
        """The range and the unit of a setting that is a number."""
        hints = hints_of(cls)
        if key not in cls.units or key not in hints:
            return ""
        return f"{key} is {range_text(hints[key])} {cls.units[key]}"

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Parameters of `apply`: plain numbers and words."""

    @abstractmethod
    def apply(self, volume: Volume, *args: Any, **parameters: Any) -> Volume:
        """The degraded volume, float32. All channels are degraded alike, by the drawn parameters."""


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for a field or for noise, as a plain number."""
    return int(rng.integers(SEEDS))


def draw_uniform(rng: np.random.Generator, setting: Drawn) -> float:
    """The number itself, or one that is uniformly distributed between the two."""
    return float(rng.uniform(*setting)) if isinstance(setting, tuple) else float(setting)


def draw_log_uniform(rng: np.random.Generator, setting: Drawn) -> float:
    """The number itself, or one between the two whose logarithm is uniformly distributed."""
    if isinstance(setting, tuple):
        low, high = setting
        return float(np.exp(rng.uniform(math.log(low), math.log(high))))
    return float(setting)


@dataclass(frozen=True, kw_only=True)
class LinearDegradation(Degradation):
    """A degradation whose measurements are a linear map of the image: m = A x.

    The degraded image is the measurements, unless a subclass takes a further step, such as the magnitude of a Fourier
    transform.
    """

    image_measures: ClassVar[bool] = True
    """Whether a degraded image determines its measurements: whether it has `measured_by`."""

    def apply(self, volume: Volume, *args: Any, **parameters: Any) -> Volume:
        return volume.like(self.measure(volume.voxels.astype(np.float32, copy=False), volume, **parameters))

    @abstractmethod
    def measure(self, voxels: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        """A x: the measurements, real or complex, of voxels (channel, i, j, k) on the grid of the volume."""

    @abstractmethod
    def adjoint(self, measured: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        """Aᵀ m, real voxels on the grid of the volume: <A x, m> = <x, Aᵀ m>, real parts."""

    def measured_by(self, image: np.ndarray, estimate: np.ndarray, grid: Volume, *args: Any, **how: Any) -> np.ndarray:
        """The measurements that a degraded image stands for; what it lost of them is taken from an estimate of x.

        Raises InputRefused where an image does not determine its measurements.
        """
        return image

    def pseudo_inverse(self, measured: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        """A⁺ m: of the images whose measurements are nearest to m, the smallest."""
        return self.least_squares(measured, 0.0, grid, **parameters)

    def least_squares(
        self, measured: np.ndarray, within: float, grid: Volume, *args: Any, **parameters: Any
    ) -> np.ndarray:
        """An image whose measurements differ from m by a norm of at most `within`, or as little as can be.

        Conjugate gradients from 0, stopped there: Hestenes and Stiefel 1952, https://doi.org/10.6028/jres.049.044
        """
        rest, gradient = measured, self.adjoint(measured, grid, **parameters)
        x: np.ndarray = np.zeros(gradient.shape)
        direction = gradient
        start = square = float((gradient * gradient).sum())
        for _ in range(CONJUGATE_GRADIENT_STEPS):
            if square <= CONJUGATE_GRADIENT_TOLERANCE * start or np.linalg.norm(rest) <= within:
                break
            seen = self.measure(direction, grid, **parameters)
            step = square / float((np.abs(seen) ** 2).sum())
            x, rest = x + step * direction, rest - step * seen
            gradient = self.adjoint(rest, grid, **parameters)
            before, square = square, float((gradient * gradient).sum())
            direction = gradient + square / before * direction
        return x

    def null_space(self, voxels: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        """The part of an image that the measurements do not depend on: x - A⁺ A x, with A (null space) = 0."""
        measured = self.measure(voxels.astype(np.float64), grid, **parameters)
        return np.asarray(voxels - self.pseudo_inverse(measured, grid, **parameters))

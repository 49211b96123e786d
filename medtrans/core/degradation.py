"""Degradation: one way to worsen an image, such as noise, blur or a bias field."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.settings import Settings
from medtrans.core.volume import Volume

SEEDS = 1 << 32
"""Number of seeds that `draw_seed` chooses from."""


@dataclass(frozen=True, kw_only=True)
class Degradation(Settings, ABC):
    """A degradation; the fields of a subclass are its settings and bound what is drawn.

    Random numbers are drawn first, then applied: the parameters are plain numbers that can be written to JSON, and the
    same parameters give the same image. Voxels are relative to the image: 0 is air, 1 about the bright end of the body.
    """

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Parameters of `apply`: plain numbers."""

    @abstractmethod
    def apply(self, volume: Volume, *args: Any, **parameters: Any) -> Volume:
        """The degraded volume on the same grid, float32. All channels are degraded alike, by the drawn parameters."""


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for a field or for noise, as a plain number."""
    return int(rng.integers(SEEDS))


def draw_factor(rng: np.random.Generator, strength: float) -> float:
    """A factor from 1 / (1 + strength) to 1 + strength, whose logarithm is uniformly distributed."""
    return float((1 + strength) ** rng.uniform(-1, 1))

"""Rings: detector channels whose gain is wrong by a constant, in every view.

    y = x + FBP(g(t)),   g ~ N(0, σ²) for a drawn share of the channels

Sijbers and Postnov, Phys Med Biol 2004, https://doi.org/10.1088/0031-9155/49/14/N06
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, Share, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._attenuation import water
from medtrans.degradations._projections import add_reconstructed, beam


@dataclass(frozen=True, kw_only=True)
class RingArtefact(Degradation):
    name: Literal["ring_artefact"] = "ring_artefact"
    strength: NonNegative = (0.005, 0.03)
    """Standard deviation of the error of a channel, as a line integral without a unit."""
    channels: Share = 0.1
    """Share of the channels that have one."""

    modalities = ("CT",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"strength": "of a line integral", "channels": "of the channels"}
    ladder: ClassVar[Ladder] = Ladder("strength", (0, 0.005, 0.01, 0.02, 0.04, 0.08))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"strength": draw_uniform(rng, self.strength), "channels": draw_uniform(rng, self.channels)}
        return {**drawn, "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, strength: float, channels: float, seed: int) -> Volume:
        rays, rng = beam(volume), np.random.default_rng(seed)
        errors = strength * rng.normal(size=rays.rays) * (rng.uniform(size=rays.rays) < channels)
        # A full turn measures each radius with one channel: the same error on both sides of the centre.
        errors = np.where(rays.offsets < 0, errors[::-1], errors)
        views = np.broadcast_to(errors.astype(np.float32)[None, :, None], (len(rays.angles), rays.rays, 1))
        rings = rays.reconstruct(np.ascontiguousarray(views)) * np.float32(1000 / water(120))
        return add_reconstructed(volume, lambda slices, part: np.broadcast_to(rings, slices.shape))

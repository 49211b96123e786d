"""Count reduction of PET: fewer decays are counted, and the image is noisier where there is more activity around.

    N ~ Poisson(c d p / (1 - d)),   Δp = p (N / mean - 1),   y = max(x + FBP(Δp), 0)

The noise is what a scan with the share d of the counts has more than the given image; c scales its projections p to
its counts. Attenuation, scatter and randoms are left out. Schramm et al., EJNMMI Physics 2021 compare reconstructions.
https://doi.org/10.1186/s40658-020-00346-0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, Positive, Share, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._projections import beam, from_slices, slabs, to_slices


@dataclass(frozen=True, kw_only=True)
class CountReduction(Degradation):
    name: Literal["count_reduction"] = "count_reduction"
    counts: Share = (0.05, 0.5)
    """Share of the counts of the given image."""
    millions: Positive = 0.5
    """Million counts in a slice of average activity of the given image."""

    modalities = ("PET",)
    role = "global"
    ladder: ClassVar[Ladder] = Ladder("counts", "of the counts", (1, 0.7, 0.5, 0.25, 0.1, 0.05))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"counts": max(draw_uniform(rng, self.counts), 1e-4), "millions": draw_uniform(rng, self.millions)}
        return {**drawn, "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, counts: float, millions: float, seed: int) -> Volume:
        x, rays, rng = volume.voxels.astype(np.float32, copy=False), beam(volume), np.random.default_rng(seed)
        slices = to_slices(x, volume).copy()
        if counts == 1 or not (slices > 0).any():
            return volume.like(x)
        views = len(rays.angles)
        scale = millions * 1e6 / (np.maximum(slices, 0).sum() * rays.length / slices.shape[1] * views)
        for part in slabs(slices.shape[1]):
            integrals = np.maximum(rays.project(np.maximum(slices[:, part], 0)), 1e-12)
            mean = counts / (1 - counts) * scale * integrals.astype(np.float64)
            slices[:, part] += rays.reconstruct((integrals * (rng.poisson(mean) / mean - 1)).astype(np.float32))
        return volume.like(np.maximum(from_slices(slices, volume, volume.channels), 0))

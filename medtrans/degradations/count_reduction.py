"""Count reduction of PET: fewer decays are counted, and the image is noisier where there is more activity around.

    N ~ Poisson(c d p / (1 - d)),   Δp = p (N / mean - 1),   y = max(x + G FBP(Δp), 0)

The noise is what a scan with the share d of the counts has more than the given image; c scales its projections p to
its counts, G is the filter after the reconstruction. Attenuation, scatter and randoms are left out. Schramm et al.,
EJNMMI Physics 2021 compare reconstructions.
https://doi.org/10.1186/s40658-020-00346-0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Degradation, Ladder, NonNegative, Positive, Share, draw_seed, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import slice_axis
from medtrans.degradations._projections import VIEWS, beam, from_slices, slabs, to_slices
from medtrans.degradations.blur import Blur


@dataclass(frozen=True, kw_only=True)
class CountReduction(Degradation):
    name: Literal["count_reduction"] = "count_reduction"
    counts: Share = (0.05, 0.5)
    """Share of the counts of the given image."""
    millions: Positive = 1.0
    """Million counts of the given scan from each mm along the body, on average."""
    post_filter: NonNegative = 5.0
    """Full width at half maximum in mm of the Gaussian filter after the reconstruction."""

    modalities = ("PET",)
    role = "global"
    units: ClassVar[dict[str, str]] = {
        "counts": "of the counts",
        "millions": "million counts per mm",
        "post_filter": "mm",
    }
    ladder: ClassVar[Ladder] = Ladder("counts", (1, 0.7, 0.5, 0.25, 0.1, 0.05))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"counts": max(draw_uniform(rng, self.counts), 1e-4), "millions": draw_uniform(rng, self.millions)}
        return {**drawn, "post_filter": draw_uniform(rng, self.post_filter), "seed": draw_seed(rng)}

    def apply(self, volume: Volume, *, counts: float, millions: float, post_filter: float, seed: int) -> Volume:
        x, rays, rng = volume.voxels.astype(np.float32, copy=False), beam(volume), np.random.default_rng(seed)
        slices = to_slices(x, volume)
        if counts == 1 or not (slices > 0).any():
            return volume.like(x)
        per_slice = millions * 1e6 * volume.spacing[slice_axis(volume, "axial")]
        scale = per_slice * slices.shape[1] / (np.maximum(slices, 0).sum(dtype=np.float64) * rays.length * VIEWS)
        noise = np.empty_like(slices)
        for part in slabs(slices.shape[1]):
            integrals = np.maximum(rays.project(np.maximum(slices[:, part], 0)), 1e-12)
            mean = counts / (1 - counts) * scale * integrals.astype(np.float64)
            noise[:, part] = rays.reconstruct((integrals * (rng.poisson(mean) / mean - 1)).astype(np.float32))
        added = Blur().measure(from_slices(noise, volume, volume.channels), volume, millimetres=post_filter)
        return volume.like(np.maximum(x + added, 0))

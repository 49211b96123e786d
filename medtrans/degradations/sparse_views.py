"""Sparse views: a CT from fewer projections, with streaks.

    y = x + FBP_few(A_few x) - FBP_all(A_all x)

Bian et al., Phys Med Biol 2010, https://doi.org/10.1088/0031-9155/55/22/001
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Ladder, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._few_views import FewViews
from medtrans.degradations._projections import VIEWS

Views: TypeAlias = Annotated[int, Interval(ge=4, le=VIEWS)]


@dataclass(frozen=True, kw_only=True)
class SparseViews(FewViews):
    name: Literal["sparse_views"] = "sparse_views"
    views: Views | tuple[Views, Views] = (30, 120)
    """Number of views over half a turn; a full scan has 360."""

    units: ClassVar[dict[str, str]] = {"views": "views"}
    ladder: ClassVar[Ladder] = Ladder("views", (VIEWS, 180, 90, 45, 30, 20))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"views": round(draw_uniform(rng, self.views))}

    def angles(self, *, views: int) -> np.ndarray:
        return np.arange(views) * pi / views

    def measured_by(self, image: np.ndarray, estimate: np.ndarray, grid: Volume, *, views: int) -> np.ndarray:
        """Those of the estimate, and of what the image has beyond the reconstruction of the estimate."""
        again = self.apply(grid.like(estimate.astype(np.float32)), views=views)
        return self.measure(estimate + image - again.voxels, grid, views=views)

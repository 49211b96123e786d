"""Limited angle: a CT from views of part of half a turn; edges along the missing rays are lost.

    y = x + FBP(A_part x) - FBP(A_all x),   with the weight of the views that are missing on the others

Quinto, SIAM J Math Anal 1993, https://doi.org/10.1137/0524069
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Ladder, draw_uniform
from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.degradations._few_views import FewViews
from medtrans.degradations._projections import VIEWS

Degrees: TypeAlias = Annotated[float, Interval(ge=30, le=180)]


@dataclass(frozen=True, kw_only=True)
class LimitedAngle(FewViews):
    name: Literal["limited_angle"] = "limited_angle"
    degrees: Degrees | tuple[Degrees, Degrees] = (100.0, 150.0)
    """Angle that the views cover; half a turn, 180, is a full scan."""
    start: Annotated[float, Interval(ge=0, le=180)] | None = None
    """Angle of the first view in degrees; drawn where none is given."""

    image_measures = False
    units: ClassVar[dict[str, str]] = {"degrees": "degrees"}
    ladder: ClassVar[Ladder] = Ladder("degrees", (180, 165, 150, 120, 90, 60))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        start = float(rng.uniform(0, 180)) if self.start is None else self.start
        return {"degrees": draw_uniform(rng, self.degrees), "start": start}

    def angles(self, *, degrees: float, start: float) -> np.ndarray:
        count = max(1, round(VIEWS * degrees / 180))
        return start * pi / 180 + np.arange(count) * pi / VIEWS

    def measured_by(self, image: np.ndarray, estimate: np.ndarray, grid: Volume, **parameters: Any) -> np.ndarray:
        what = "its reconstruction is so far from the projections that it was made from that these cannot be recovered"
        raise InputRefused("limited_angle", what, "translate without data consistency")

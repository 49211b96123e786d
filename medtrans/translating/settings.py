"""How a model is led over a whole volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TranslatingSettings(Settings):
    window: tuple[Annotated[int, Ge(1)], ...] = ()
    """Voxels of what is translated at once. None takes whole slices in 2D, and in 3D 128 a side, or preparing.patch
    where that is more: the larger, the less can be seen of the tiling, and the more memory it takes."""
    overlap: Annotated[float, Ge(0), Le(0.9)] = 0.5
    """Share of a window that its neighbour covers too. Whole slices do not overlap."""
    blending: Literal["gaussian", "hann"] = "gaussian"
    """How a window's say fades towards its border."""
    batch: Annotated[int, Ge(1)] = 4
    """Slices or windows translated at once, of large windows fewer; on a CPU more than a few are slower. Never a
    different result."""
    seed: Annotated[int, Ge(0)] = 0
    """Decides the noise of methods that draw their answers; the same seed, the same answer."""
    samples: Annotated[int, Ge(1)] = 1
    """How many answers such a method draws: their mean is the translation, their spread is told."""
    skip_air: bool = True
    """Leave out slices and windows without body, and fill them with the target's background."""

    def assert_fits(self, spatial_dims: int) -> None:
        """Raises UsageError where a window has another number of sides."""
        if self.window and len(self.window) != spatial_dims:
            what = f"{list(self.window)} is no size in {spatial_dims}D"
            raise UsageError("translating.window", what, f"give {spatial_dims} numbers of voxels")

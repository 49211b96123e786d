"""Settings of translation: windows, blending, batches and samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TranslatingSettings(Settings):
    window: tuple[Annotated[int, Ge(1)], ...] = ()
    """Voxels of a window. Empty: whole slices in 2D; in 3D 128 a side, or preparing.patch where that is larger. Larger
    windows leave fewer seams and take more memory."""
    overlap: Annotated[float, Ge(0), Le(0.9)] = 0.5
    """Fraction of a window that its neighbour covers too. Whole slices do not overlap."""
    blending: Literal["gaussian", "hann"] = "gaussian"
    """Shape of the weights of a window, which decrease towards its border."""
    batch: Annotated[int, Ge(1)] = 4
    """Slices or windows translated at once, of large windows fewer; more than a few are slower on a CPU. The result
    does not depend on it."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the noise of stochastic methods; the same seed gives the same translation."""
    samples: Annotated[int, Ge(1)] = 1
    """Samples of a stochastic method: their mean is the translation, their standard deviation the uncertainty."""
    skip_background: bool = True
    """Do not predict slices and windows without body voxels; they get the background of the target."""

    def assert_fits(self, spatial_dims: int) -> None:
        """Raises UsageError where a window has the wrong number of sides."""
        if self.window and len(self.window) != spatial_dims:
            what = f"{list(self.window)} is no size in {spatial_dims}D"
            raise UsageError("translating.window", what, f"give {spatial_dims} numbers of voxels")

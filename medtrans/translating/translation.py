"""Translation: a translated volume with its modality, its findings and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from medtrans.core.finding import Finding
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume


@dataclass(frozen=True, eq=False)
class Translation:
    """A translated volume and what is known about it."""

    volume: Volume
    """On the grid of the source, in the unit and data type of its modality."""
    modality: Modality
    clipped_fraction: float
    """Fraction of body voxels that were clipped to the range of HU; 0 where nothing is clipped."""
    seconds: float
    findings: tuple[Finding, ...] = ()
    uncertainty: Volume | None = None
    """Standard deviation over samples or models, in the same unit: float32. None for a single sample."""
    samples: int = 1
    """Number of samples, of all models, whose mean and standard deviation these are."""

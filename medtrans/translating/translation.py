"""Translation: a translated volume with its modality, its findings and its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from medtrans.core.finding import Finding
from medtrans.core.modality import Modality
from medtrans.core.strict_json import to_plain
from medtrans.core.volume import Volume
from medtrans.models.engines import EngineUsed
from medtrans.translating.data_consistency import Agreement
from medtrans.translating.posterior import Sampled

UNNAMED = "volume"
"""Name in messages of a volume that is not known to be a file."""


@dataclass(frozen=True)
class BodyUsed:
    """The voxels outside of which air was written."""

    origin: Literal["mask", "found"]
    """Given as a mask, or found in the source, with a margin."""
    fraction: float
    """Of the voxels of the networks' grid."""
    litres: float
    hull_fraction: float
    """The share of its convex hull that it fills; nan where it is flat."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain({**asdict(self), "fraction": round(self.fraction, 4), "litres": round(self.litres, 3)})  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Translation:
    """A translated volume and what is known about it."""

    volume: Volume
    """On the grid of the source, in the unit and data type of its modality."""
    modality: Modality
    clipped_fraction: float
    """Fraction of body voxels above the range of HU, which were clipped to it; 0 without a unit."""
    seconds: float
    findings: tuple[Finding, ...] = ()
    uncertainty: Volume | None = None
    """Standard deviation over samples or models, in the same unit: float32. None for a single sample."""
    samples: int = 1
    """Number of samples, of all models, whose mean and standard deviation these are."""
    body: BodyUsed | None = None
    """None where the model writes values everywhere (preparing.body_mask none)."""
    agreement: Agreement | None = None
    """With the measurements of the source, in whose unit the volume then is; None without data consistency."""
    sampled: Sampled | None = None
    """Likewise, of samples given the measurements; None without posterior sampling."""
    engines: tuple[EngineUsed, ...] = ()
    """What computed it: one engine for each model."""
    checks: Mapping[str, Any] = field(default_factory=dict)
    """Plain facts on the checks of source and result, for the sidecar."""

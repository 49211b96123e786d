"""How translations are judged in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class EvaluatingSettings(Settings):
    preset: Literal["synthrad2023", "synthrad2025", "synthrad2025-metrics", "mr-percentile"] = "synthrad2025"
    """Which definition of every number; see docs/metrics.md."""
    within: Literal["mask", "body", "everything"] = "body"
    """Count voxels of the case's mask file, of the body found in the target, or all."""
    pictures: Annotated[int, Ge(0)] = 3
    """Cases shown in the report, the worst, the median and the best."""

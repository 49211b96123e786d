"""How translations are judged in a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge

from medtrans.core.settings import Settings

SURFACE_TOLERANCE = 2.0


@dataclass(frozen=True, kw_only=True)
class EvaluatingSettings(Settings):
    preset: Literal["synthrad2023", "synthrad2025", "synthrad2025-metrics", "mr-percentile", "dose"] = "synthrad2025"
    """Which definition of every number; see docs/metrics.md."""
    also: tuple[str | dict[str, Any], ...] = ()
    """Metrics besides the preset's: names, or tables of a name and its settings; see docs/metrics.md."""
    within: Literal["mask", "body", "everything"] = "body"
    """Count voxels of the case's mask file, of the body found in the target, or all."""
    downstream: Path | None = None
    """Model folder of a segmenter trained on real targets of other subjects, applied to targets and translations;
    relative to the recipe."""
    classes: str | dict[str, int | tuple[int, ...]] = ""
    """Which of its labels count, as {name: number or numbers}, or AB, HN, TH, total; else all, by their numbers."""
    surface_tolerance: Annotated[float, Ge(0)] = SURFACE_TOLERANCE
    """Of the surface Dice, in mm."""
    pictures: Annotated[int, Ge(0)] = 3
    """Cases shown in the report, the worst, the median and the best."""

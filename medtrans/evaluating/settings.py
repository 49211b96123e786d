"""Settings of the evaluation of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge

from medtrans.core.settings import Settings
from medtrans.evaluating.segmentation.classes import checked

SURFACE_TOLERANCE = 2.0
"""Millimetres."""
PresetName = Literal["synthrad2023", "synthrad2025", "synthrad2025-metrics", "mr-percentile", "dose"]
Region = Literal["mask", "body", "volume"]


@dataclass(frozen=True, kw_only=True)
class SegmentationSettings(Settings):
    model: Path | None = None
    """Model folder of a segmenter trained on real targets of other subjects, applied to targets and translations;
    relative to the recipe."""
    labels: str | dict[str, int | tuple[int, ...]] = ""
    """Labels that are compared, as {name: number or numbers}, or AB, HN, TH, total; empty for all of the segmenter."""
    surface_tolerance: Annotated[float, Ge(0)] = SURFACE_TOLERANCE
    """Of the surface Dice, in mm."""

    @classmethod
    def nested(cls, values: Mapping[str, Any], where: str, build: Any) -> dict[str, Any]:
        """As of all Settings. Raises UsageError also where labels are no text and no table of labels."""
        if not isinstance(values.get("labels", ""), str) and values["labels"] != {}:
            checked(values["labels"], f"{where}.labels")
        return super().nested(values, where, build)


@dataclass(frozen=True, kw_only=True)
class EvaluatingSettings(Settings):
    preset: PresetName = "synthrad2025"
    """Which definition of every number; see docs/metrics.md."""
    metrics: tuple[str | dict[str, Any], ...] = ()
    """Metrics in addition to those of the preset: names, or tables of a name and its settings; see docs/metrics.md."""
    primary: tuple[str, ...] = ()
    """Labels of the metrics on which a claim is tested, such as mae: named in advance, and as few as possible, for each
    makes the others harder to pass (Holm). Empty for the first of the preset. The others describe."""
    region: Region = "body"
    """Voxels that count: those of the case's mask file, of the body found in the target, or of the whole volume."""
    segmentation: SegmentationSettings = SegmentationSettings()
    """Comparison of label maps of the translation and of the target."""
    report_cases: Annotated[int, Ge(0)] = 3
    """Cases shown in the report: the worst, the median and the best."""

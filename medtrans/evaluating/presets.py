"""Presets: a choice of metrics and the exact definition of each number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from medtrans.core.errors import UsageError
from medtrans.core.metric import ImageMetric
from medtrans.core.score import Clause, Definition
from medtrans.core.suggestions import did_you_mean
from medtrans.metrics import load

CT = (
    Clause("MAE", "mean |target - translated| over the mask, not clipped."),
    Clause("PSNR", "both clipped to the range, 10 log10(Q²/MSE) over the mask, Q the width of the range."),
)
MR = (
    Clause(
        "Intensities",
        "both volumes are divided by the 99.5th percentile of the target within the mask, then clipped to 0 … 1.",
    ),
    Clause(
        "Target normalisation",
        "none: the target counts as measured, whatever it was normalised by in training. A translation whose sidecar "
        "gives the scale of its training targets (the median of their 99.5th percentiles in the body) is first "
        "multiplied by one number, the target's own 99.5th percentile in its body over that: 0 stays 0.",
    ),
    Clause("MAE", "mean |target - translated| over the mask, after that."),
    Clause("PSNR", "10 log10(1/MSE) over the mask, after that."),
)
DOSE = (
    Clause("MAE", "mean |target - translated| over the mask."),
    Clause(
        "Gamma index",
        "fraction of voxels in the mask with γ ≤ 1, global, 3 % of the target's maximum, 3 mm, from 10 % of the "
        "maximum, searched at steps of 0.3 mm, straight between voxels.",
    ),
)
SSIM = Clause(
    "SSIM",
    "clipped to the range, its lower end outside the mask and moved to 0, whole volume, 7³ uniform window, sample "
    "covariance, K1 .01, K2 .03, single precision, 3 voxels cropped at each side, mean of the map over the mask.",
)
MS_SSIM = Clause(
    "MS-SSIM",
    "windows as in SSIM (7³ uniform, sample covariance, K1 .01, K2 .03, cropped, in the mask) in double precision, "
    "edge-padded to 97 voxels, 5 levels, luminance at every level (not Wang 2003), product of the levels.",
)
REPORT_2023 = "https://arxiv.org/abs/2403.08447"
REPORT_2025 = "https://arxiv.org/abs/2502.17609"


@dataclass(frozen=True)
class Preset:
    """Metrics by name on a value range, for images of one modality."""

    name: str
    modality: Literal["CT", "MR", "dose"]
    summary: str
    source: str
    low: float
    high: float
    metrics: tuple[str, ...]
    clauses: tuple[Clause, ...]

    def definition(self, region: str) -> Definition:
        """The meaning of every score of this preset within `region` (words that say which voxels count)."""
        width = self.high - self.low
        return Definition(self.name, self.modality, (self.low, self.high), width, region, self.clauses)

    def metric(self, name: str, settings: Mapping[str, Any] = MappingProxyType({})) -> ImageMetric:
        """The metric of that name with `settings`, and the range of this preset where they give none."""
        kind = load(name)
        ends = {field.name: getattr(self, field.name) for field in fields(kind) if field.name in ("low", "high")}
        return kind.from_dict(ends | dict(settings), name)

    def unit(self, metric: str) -> str:
        """Unit of the values of a metric: that of the images for an error in their own scale."""
        own = {"CT": "HU", "MR": "of the target's 99.5th percentile", "dose": "Gy"}[self.modality]
        return load(metric).unit.replace("of the image", own)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="synthrad2023",
            modality="CT",
            summary="CT in HU as SynthRAD2023/metrics (commit 3200007) scores it: MAE, PSNR, SSIM.",
            source=REPORT_2023,
            low=-1024,
            high=3000,
            metrics=("mae", "psnr", "ssim"),
            clauses=(*CT, SSIM),
        ),
        Preset(
            name="synthrad2025",
            modality="CT",
            summary="CT in HU as SynthRAD2025/evaluation (commit 17cac47) scores it: MAE, PSNR, MS-SSIM.",
            source=REPORT_2025,
            low=-1024,
            high=3071,
            metrics=("mae", "psnr", "ms_ssim"),
            clauses=(*CT, MS_SSIM),
        ),
        Preset(
            name="synthrad2025-metrics",
            modality="CT",
            summary="The same with 3000 HU as the upper end, as in SynthRAD2025/metrics (commit 0beef65).",
            source=REPORT_2025,
            low=-1024,
            high=3000,
            metrics=("mae", "psnr", "ms_ssim"),
            clauses=(*CT, MS_SSIM),
        ),
        Preset(
            name="mr-percentile",
            modality="MR",
            summary="MR on the scale of the target's 99.5th percentile: MAE, PSNR, SSIM, MS-SSIM.",
            source="docs/metrics.md",
            low=0,
            high=1,
            metrics=("mae", "psnr", "ssim", "ms_ssim"),
            clauses=(*MR, SSIM, MS_SSIM),
        ),
        Preset(
            name="dose",
            modality="dose",
            summary="Dose in Gy: MAE, and the gamma pass rate at 3 % and 3 mm, global.",
            source="https://doi.org/10.1118/1.598248",
            low=0,
            high=math.inf,
            metrics=("mae", "gamma_index"),
            clauses=DOSE,
        ),
    )
}


def find_preset(name: str) -> Preset:
    """Raises UsageError with a suggestion."""
    if name not in PRESETS:
        raise UsageError("preset", f"nothing is named {name!r}", did_you_mean(name, PRESETS))
    return PRESETS[name]


def refuse_other_modality(preset: str, modality: str, where: str) -> None:
    """Raises UsageError where a preset for CT or dose, whose values have a unit, is to score another modality.

    Label maps are left out, and so is the preset for MR: its scale is that of each target, whatever its unit.
    """
    wanted = find_preset(preset).modality
    if wanted == "MR" or modality in (wanted, "labels"):
        return
    fitting = [name for name, one in PRESETS.items() if one.modality in (modality, "MR")]
    what = f"{preset} is for {wanted}, but the target is declared as {modality}"
    raise UsageError(where, what, f"write preset: {' or '.join(fitting)}")

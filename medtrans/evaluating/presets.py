"""Presets: which metrics, and exactly what each number means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

from medtrans.core.errors import UsageError
from medtrans.core.metric import Definition, ImageMetric
from medtrans.core.suggestions import did_you_mean
from medtrans.metrics import load

CT = (
    "MAE: mean |target - translated| over the mask, not clipped.",
    "PSNR: both clipped to the range, 10 log10(Q²/MSE) over the mask, Q the width of the range.",
)
MR = (
    "Both volumes divided by the 99.5th percentile of the target within the mask, then clipped to 0 … 1.",
    "MAE: mean |target - translated| over the mask, after that.",
    "PSNR: 10 log10(1/MSE) over the mask, after that.",
)
DOSE = (
    "MAE: mean |target - translated| over the mask.",
    "Gamma index: share of voxels in the mask with γ ≤ 1, global, 3 % of the target's maximum, 3 mm, from 10 % of the "
    "maximum, searched at steps of 0.3 mm, straight between voxels.",
)
SSIM = (
    "SSIM: clipped to the range, its lower end outside the mask and moved to 0, whole volume, 7³ uniform window, "
    "sample covariance, K1 .01, K2 .03, single precision, 3 voxels cropped at each side, mean of the map over the mask."
)
MS_SSIM = (
    "MS-SSIM: windows as in SSIM (7³ uniform, sample covariance, K1 .01, K2 .03, cropped, in the mask) in double "
    "precision, edge-padded to 97 voxels, 5 levels, luminance at every level (not Wang 2003), product of the levels."
)
REPORT_2023 = "https://arxiv.org/abs/2403.08447"
REPORT_2025 = "https://arxiv.org/abs/2502.17609"


@dataclass(frozen=True)
class Preset:
    """Metrics by name, on a value range; `kind` says which images it is for."""

    name: str
    kind: Literal["CT", "MR", "dose"]
    summary: str
    source: str
    low: float
    high: float
    metrics: tuple[str, ...]
    details: tuple[str, ...]

    def definition(self, mask: str) -> Definition:
        """What every score under this preset means, within `mask` (words that say which voxels count)."""
        return Definition(self.name, (self.low, self.high), self.high - self.low, mask, self.details)

    def measure(self, metric: str, settings: Mapping[str, Any] = MappingProxyType({})) -> ImageMetric:
        """The metric of that name with `settings`, and this preset's range where it has one and they do not."""
        kind = load(metric)
        ends = {field.name: getattr(self, field.name) for field in fields(kind) if field.name in ("low", "high")}
        return kind.from_dict(ends | dict(settings), metric)

    def unit(self, metric: str) -> str:
        """The unit its values are printed with: that of the images for an error in their own scale."""
        own = {"CT": "HU", "MR": "of the target's 99.5th percentile", "dose": "Gy"}[self.kind]
        return load(metric).unit.replace("of the image", own)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="synthrad2023",
            kind="CT",
            summary="CT in HU as SynthRAD2023/metrics (commit 3200007) scores it: MAE, PSNR, SSIM.",
            source=REPORT_2023,
            low=-1024,
            high=3000,
            metrics=("mae", "psnr", "ssim"),
            details=(*CT, SSIM),
        ),
        Preset(
            name="synthrad2025",
            kind="CT",
            summary="CT in HU as SynthRAD2025/evaluation (commit 17cac47) scores it: MAE, PSNR, MS-SSIM.",
            source=REPORT_2025,
            low=-1024,
            high=3071,
            metrics=("mae", "psnr", "ms_ssim"),
            details=(*CT, MS_SSIM),
        ),
        Preset(
            name="synthrad2025-metrics",
            kind="CT",
            summary="The same with 3000 HU as the upper end, as in SynthRAD2025/metrics (commit 0beef65).",
            source=REPORT_2025,
            low=-1024,
            high=3000,
            metrics=("mae", "psnr", "ms_ssim"),
            details=(*CT, MS_SSIM),
        ),
        Preset(
            name="mr-percentile",
            kind="MR",
            summary="MR on the scale of the target's 99.5th percentile: MAE, PSNR, SSIM, MS-SSIM.",
            source="our own: docs/metrics.md",
            low=0,
            high=1,
            metrics=("mae", "psnr", "ssim", "ms_ssim"),
            details=(*MR, SSIM, MS_SSIM),
        ),
        Preset(
            name="dose",
            kind="dose",
            summary="Dose in Gy: MAE, and the gamma pass rate at 3 % and 3 mm, global.",
            source="https://doi.org/10.1118/1.598248",
            low=0,
            high=math.inf,
            metrics=("mae", "gamma_index"),
            details=DOSE,
        ),
    )
}


def find_preset(name: str) -> Preset:
    """Raises UsageError with a suggestion."""
    if name not in PRESETS:
        raise UsageError("preset", f"nothing is named {name!r}", did_you_mean(name, PRESETS))
    return PRESETS[name]

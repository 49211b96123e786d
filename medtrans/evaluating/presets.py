"""Presets: which metrics, and exactly what each number means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medtrans.core.metric import Definition
from medtrans.metrics import load

CT_DETAILS = (
    "MAE: mean |target - translated| over the mask, not clipped.",
    "PSNR: both clipped to the range, 10 log10(Q²/MSE) over the mask, Q the width of the range.",
)
SSIM_DETAIL = (
    "SSIM: clipped, air outside the mask, whole volume, 7³ uniform window, sample covariance, K1 .01, K2 .03, single "
    "precision, 3 voxels cropped at each side, mean of the map over the mask."
)
MS_SSIM_DETAIL = (
    "MS-SSIM: as SSIM in double precision, padded to 97 voxels, 5 levels, luminance at every level (not Wang 2003), "
    "product of the levels' masked means."
)
MR_DETAIL = "Both volumes divided by the 99.5th percentile of the target within the mask, then clipped to 0 … 1."


@dataclass(frozen=True)
class Preset:
    """Metrics by name, on a value range; `kind` says which images it is for."""

    name: str
    kind: Literal["CT", "MR"]
    summary: str
    source: str
    low: float
    high: float
    metrics: tuple[str, ...]
    details: tuple[str, ...]

    def definition(self, mask: str) -> Definition:
        """What every score under this preset means, within `mask` (a word for which voxels count)."""
        return Definition(self.name, (self.low, self.high), self.high - self.low, mask, self.details)

    def measure(self, metric: str):  # type: ignore[no-untyped-def]
        """The metric `metric` with this preset's range."""
        kind = load(metric)
        return kind() if metric == "mae" else kind(low=self.low, high=self.high)  # type: ignore[call-arg]


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "synthrad2023", "CT", "CT in HU as the SynthRAD2023 challenge scores it: MAE, PSNR, SSIM.",
            "https://doi.org/10.1002/mp.16529", -1024, 3000, ("mae", "psnr", "ssim"), (*CT_DETAILS, SSIM_DETAIL),
        ),
        Preset(
            "synthrad2025", "CT", "CT in HU as the SynthRAD2025 evaluation scores it: MAE, PSNR, MS-SSIM.",
            "https://arxiv.org/abs/2502.17609", -1024, 3071, ("mae", "psnr", "ms_ssim"), (*CT_DETAILS, MS_SSIM_DETAIL),
        ),
        Preset(
            "synthrad2025-metrics", "CT", "The same with 3000 HU as the upper end, as in its metrics package.",
            "https://arxiv.org/abs/2502.17609", -1024, 3000, ("mae", "psnr", "ms_ssim"), (*CT_DETAILS, MS_SSIM_DETAIL),
        ),
        Preset(
            "mr-percentile", "MR", "MR on the scale of the target's 99.5th percentile: MAE, PSNR, SSIM, MS-SSIM.",
            "", 0, 1, ("mae", "psnr", "ssim", "ms_ssim"), (MR_DETAIL, *CT_DETAILS, SSIM_DETAIL, MS_SSIM_DETAIL),
        ),
    )
}  # fmt: skip

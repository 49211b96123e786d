"""Electron density error relative to water, as a treatment planning system converts it from the CT.

    mean |ρ(translated) - ρ(target)|    ρ: HU → density by a table

Thomas, Br J Radiol 1999, https://doi.org/10.1259/bjr.72.860.10624344
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._hlut import THOMAS, Hlut, density, refuse_disorder
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class ElectronDensity(ImageMetric):
    unit: ClassVar[str] = "of water"
    modality: ClassVar = "CT"
    hlut: Hlut = THOMAS
    """Rows of HU and density, from low to high; linear between them, constant beyond."""

    def __post_init__(self) -> None:
        refuse_disorder("electron_density", self.hlut)

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for identical images. Raises EmptyMask."""
        body = checked_mask(mask, "electron_density")
        x, y = (density(image[body], self.hlut) for image in (translated, target))
        return float(np.abs(x - y).mean())

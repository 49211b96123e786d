"""Errors by intensity of one case: histograms, error against the value of the target, and a table per tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.evaluating.columns import decimals, number_text
from medtrans.evaluating.intensity_errors import ByIntensity, Tissue, by_intensity, by_tissue
from medtrans.reporting.charts.intensity import body_histogram, error_chart, tissue_histogram
from medtrans.reporting.images.layers import Layers

TISSUE_MODALITY = "CT"
"""The modality whose values identify tissues."""


@dataclass(frozen=True)
class BandRow:
    """One range of target values: name, limits, percent of the voxels, mean and mean absolute error."""

    name: str
    limits: str
    percent: str
    mean: str
    absolute: str


@dataclass(frozen=True)
class IntensityErrors:
    """Charts and table of one case. `range_name` is "tissue", or "quarter" of the target values."""

    unit: str
    range_name: str
    rows: tuple[BandRow, ...]
    histogram: str
    error: str
    tissues: tuple[tuple[str, str, str], ...]
    """Name, limits and histogram of each tissue."""


def intensity_errors(layers: Layers, case: str) -> IntensityErrors | None:
    """Of the voxels in the body; None without a target."""
    if "target" not in layers.voxels:
        return None
    target, translated = (layers.voxels[role][layers.body] for role in ("target", "translated"))
    modality = layers.modalities["target"]
    found = by_intensity(target, translated, modality=modality.name)
    if found is None:
        return None
    with_tissues = modality.name == TISSUE_MODALITY
    charts = [
        (one.name, one.limits, tissue_histogram(*_shares(one), modality.unit, name=f"{case} {one.name}"))
        for one in (by_tissue(target, translated) if with_tissues else ())
    ]
    return IntensityErrors(
        unit=modality.unit,
        range_name="tissue" if with_tissues else "quarter",
        rows=_rows(found),
        histogram=body_histogram(*_shares(found), modality.unit, name=case),
        error=error_chart(found.edges, found.mean, found.absolute, modality.unit, name=case),
        tissues=tuple(charts),
    )


def _shares(found: ByIntensity | Tissue) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return found.edges, found.target, found.translated


def _text(value: float, digits: int, sign: str = "") -> str:
    return "–" if np.isnan(value) else number_text(value, digits, sign)


def _rows(found: ByIntensity) -> tuple[BandRow, ...]:
    digits = decimals(band.absolute for band in found.bands)
    return tuple(
        BandRow(
            band.name,
            band.limits,
            f"{100 * band.share:.1f}",
            _text(band.mean, digits, "+"),
            _text(band.absolute, digits),
        )
        for band in found.bands
    )

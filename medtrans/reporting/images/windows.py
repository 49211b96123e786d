"""Display windows: level and width of grey values. Fixed where the modality defines them, else from percentiles."""

from __future__ import annotations

import numpy as np

from medtrans.core.modality import DisplayWindow, Modality

PERCENTILES = (0.5, 99.5)
"""Ends of the window of a modality without fixed windows."""
DIFFERENCE_PERCENTILE = 99
"""Percentile of the absolute difference that its window covers, where the modality has no fixed windows."""
ROUND_STEPS = (1, 2, 3, 4, 5, 8, 10)


def display_windows(voxels: np.ndarray, mask: np.ndarray, modality: Modality) -> tuple[DisplayWindow, ...]:
    """The windows of the modality; without any, one between percentiles of the finite values in the mask (i, j, k)."""
    if modality.windows:
        return modality.windows
    values = voxels[mask]
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, PERCENTILES) if values.size else (0.0, 1.0)
    name = "{:g}th … {:g}th percentile in the body,".format(*PERCENTILES)
    return (DisplayWindow(name, _three_digits(low), _three_digits(high)),)


def difference_windows(difference: np.ndarray, mask: np.ndarray, modality: Modality) -> tuple[DisplayWindow, ...]:
    """One symmetric window for each window of the modality, of the same width; else one by `difference_limit`."""
    limits = [(window.high - window.low) / 2 for window in modality.windows] or [difference_limit(difference, mask)]
    return tuple(DisplayWindow("difference", -limit, limit) for limit in limits)


def difference_limit(difference: np.ndarray, mask: np.ndarray) -> float:
    """A round number, 1, 2, 3, 4, 5 or 8 times a power of ten, above 99 % of |difference| in the mask."""
    values = np.abs(difference[mask])
    values = values[np.isfinite(values)]
    top = float(np.percentile(values, DIFFERENCE_PERCENTILE)) if values.size else 0.0
    if top <= 0:
        return 1.0
    tens = 10.0 ** np.floor(np.log10(top))
    return float(tens * next(step for step in ROUND_STEPS if step >= 0.9999 * top / tens))


def range_text(window: DisplayWindow, unit: str) -> str:
    """Lower and upper end, with the unit: "−160 … 240 HU"."""
    return f"{window.low:g} … {window.high:g} {unit}".strip().replace("-", "−")


def window_text(window: DisplayWindow, unit: str) -> str:
    """Name, range, level and width, as viewers ask for them: "Soft tissue −160 … 240 HU (L 40, W 400)"."""
    level, width = (window.low + window.high) / 2, window.high - window.low
    name = window.name[:1].upper() + window.name[1:]
    return f"{name} {range_text(window, unit)} " + f"(L {level:g}, W {width:g})".replace("-", "−")


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")

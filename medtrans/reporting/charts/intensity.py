"""Charts of voxel values: histograms of target and translation, and the error against the value of the target."""

from __future__ import annotations

import numpy as np

from medtrans.reporting.charts._axes import intensity_axis, linear_ticks, logarithmic_ticks, new_chart
from medtrans.reporting.charts._svg import FIRST, QUIET, SECOND, to_svg


def body_histogram(edges: np.ndarray, target: np.ndarray, translated: np.ndarray, unit: str, *, name: str) -> str:
    """Fractions of the body as percent, the target filled, the translation a line.

    The axis is logarithmic, so that the few voxels of bone are visible beside the many of soft tissue.
    """
    figure, axes = new_chart(212, bottom=42)
    percent = 100 * np.concatenate([target, translated])
    low = percent[percent > 0].min() / 2
    axes.stairs(np.maximum(100 * target, low), edges, color=SECOND, alpha=0.45, fill=True, baseline=low)
    axes.stairs(100 * translated, edges, color=FIRST, linewidth=1.6, baseline=None)
    axes.set_yscale("log", nonpositive="mask")
    logarithmic_ticks(axes)
    axes.set_ylim(low, percent.max() * 2)
    intensity_axis(axes, edges, unit)
    return to_svg(figure, f"histogram {name}")


def tissue_histogram(edges: np.ndarray, target: np.ndarray, translated: np.ndarray, unit: str, *, name: str) -> str:
    """The same for one tissue, small and on a linear axis."""
    figure, axes = new_chart(168, bottom=42, left=40, width=250)
    axes.stairs(100 * target, edges, color=SECOND, alpha=0.45, fill=True, baseline=0.0)
    axes.stairs(100 * translated, edges, color=FIRST, linewidth=1.6, baseline=None)
    linear_ticks(axes.yaxis, 4)
    axes.set_ylim(0.0, 100 * float(np.concatenate([target, translated]).max()) * 1.08)
    intensity_axis(axes, edges, unit)
    return to_svg(figure, f"tissue histogram {name}")


def error_chart(edges: np.ndarray, mean: np.ndarray, absolute: np.ndarray, unit: str, *, name: str) -> str:
    """Mean (dashed) and mean absolute difference against the value of the target; nan for an empty bin."""
    figure, axes = new_chart(212, bottom=42)
    centres = (edges[1:] + edges[:-1]) / 2
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.plot(centres, absolute, color=SECOND, linewidth=1.6)
    axes.plot(centres, mean, color=FIRST, linewidth=1.6, dashes=(4, 2))
    linear_ticks(axes.yaxis)
    intensity_axis(axes, edges, unit)
    return to_svg(figure, f"error {name}")

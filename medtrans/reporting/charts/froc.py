"""FROC curves: sensitivity against false positives a case, one curve for each image that a detector reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medtrans.reporting.charts._axes import label_below, linear_ticks, new_chart
from medtrans.reporting.charts._svg import FIRST, QUIET, SECOND, to_svg

COLOURS = {"translated": FIRST, "target": SECOND, "source": QUIET}
DASHES = {"translated": (1, 0), "target": (5, 3), "source": (2, 2)}


def froc_chart(curves: Mapping[str, Sequence[tuple[float, float, float]]]) -> str:
    """Of each image points (smallest volume, false positives a case, sensitivity); dots at the smallest volume."""
    figure, axes = new_chart(232, bottom=42)
    for image, points in curves.items():
        false, found = [point[1] for point in points], [point[2] for point in points]
        axes.plot(false, found, color=COLOURS[image], linewidth=1.8, dashes=DASHES[image], drawstyle="steps-pre")
        axes.plot(false[:1], found[:1], color=COLOURS[image], marker="o", markersize=6)
    axes.set_ylim(-0.03, 1.05)
    axes.margins(x=0.06)
    linear_ticks(axes.xaxis)
    linear_ticks(axes.yaxis)
    label_below(axes, "false positives a case")
    return to_svg(figure, "froc")

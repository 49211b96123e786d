"""Bland-Altman plot: difference against mean, one dot per subject.

Bland and Altman, Stat Methods Med Res 1999, https://doi.org/10.1177/096228029900800204
"""

from __future__ import annotations

import numpy as np

from medtrans.evaluating.statistics.agreement import Limits
from medtrans.reporting.charts._axes import label_below, linear_ticks, new_chart
from medtrans.reporting.charts._svg import FIRST, QUIET, SECOND, to_svg


def agreement_chart(mean: np.ndarray, difference: np.ndarray, limits: Limits | None, unit: str, *, name: str) -> str:
    """The bias as a line, the limits of agreement dashed, their 95 % intervals as pale bands."""
    figure, axes = new_chart(232, bottom=42)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    if limits is not None:
        for line, dashes in ((limits.bias, (1, 0)), (limits.lower, (5, 3)), (limits.upper, (5, 3))):
            axes.axhspan(line.low, line.high, color=SECOND, alpha=0.13, linewidth=0)
            axes.axhline(line.value, color=SECOND, linewidth=1.4, dashes=dashes)
    axes.scatter(mean, difference, s=36, color=FIRST, alpha=0.6, linewidths=0)
    axes.margins(x=0.08, y=0.12)
    linear_ticks(axes.xaxis)
    linear_ticks(axes.yaxis)
    label_below(axes, f"mean of target and translated, {unit}")
    return to_svg(figure, f"agreement {name}")

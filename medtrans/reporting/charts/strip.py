"""Strip chart: a dot per case, a bar at the median, one row per system or class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.ticker import NullLocator

from medtrans.reporting.charts._axes import FONT_SIZE, linear_ticks, new_chart
from medtrans.reporting.charts._svg import FIRST, INK, LINE, QUIET, SECOND, to_svg


def strip_chart(values: Mapping[str, Sequence[float]], *, own: Collection[str], name: str) -> str:
    """`values` by row; the rows of `own` have the first colour. Values that are not finite are left out."""
    figure, axes = new_chart(42 * len(values) + 40, left=8)
    for row, (label, recorded) in enumerate(values.items()):
        finite = np.array([value for value in recorded if np.isfinite(value)])
        colour, text_colour = (FIRST, INK) if label in own else (SECOND, QUIET)
        axes.axhline(-row, color=LINE, linewidth=1, zorder=0)
        place = 0, -row + 0.3
        text = axes.text(*place, label, color=text_colour, fontsize=FONT_SIZE, transform=axes.get_yaxis_transform())
        text.set_parse_math(False)
        if finite.size:
            axes.scatter(finite, np.full(finite.size, -row), s=49, color=colour, alpha=0.55, linewidths=0)
            axes.plot([np.median(finite)] * 2, [-row - 0.17, -row + 0.17], color=colour, linewidth=2.5)
    axes.set_ylim(0.6 - len(values), 0.75)
    axes.yaxis.set_major_locator(NullLocator())
    linear_ticks(axes.xaxis)
    axes.margins(x=0.06)
    return to_svg(figure, f"strip {name}")

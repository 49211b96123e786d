"""Axes of the charts: size, grid, ticks and number formats."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from medtrans.reporting.charts._svg import LINE, QUIET

WIDTH = 340
"""Pixels; the page scales the chart to its column."""
FONT_SIZE = 11


def new_chart(height: int, *, left: int = 52, bottom: int = 30, width: int = WIDTH) -> tuple[Figure, Axes]:
    """An empty chart; sizes in pixels. At 72 dots per inch a point is a pixel."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    size = (width - left - 12) / width, (height - bottom - 8) / height
    axes = figure.add_axes((left / width, bottom / height, *size))
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=QUIET, labelsize=FONT_SIZE, length=0, which="both", pad=5)
    axes.grid(axis="y" if left > 8 else "x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def linear_ticks(axis: Axis, count: int = 5) -> None:
    """At most `count` intervals on a linear scale."""
    axis.set_major_locator(MaxNLocator(count))
    axis.set_major_formatter(FuncFormatter(number))


def step_ticks(axis: Axis) -> None:
    """Whole numbers of optimiser steps, in thousands from 10 000 on."""
    axis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _thousands(value)))


def logarithmic_ticks(axes: Axes) -> None:
    """Powers of ten on the vertical axis."""
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(number))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def intensity_axis(axes: Axes, edges: np.ndarray, unit: str) -> None:
    """A horizontal axis of voxel values."""
    axes.set_xlim(edges[0], edges[-1])
    linear_ticks(axes.xaxis)
    label_below(axes, unit)


def label_below(axes: Axes, text: str) -> None:
    """Label of the horizontal axis, at the right below its numbers."""
    axes.annotate(text, (1, 0), (0, -33), "axes fraction", "offset points", ha="right", color=QUIET, fontsize=FONT_SIZE)


def number(value: float, _position: int = 0) -> str:
    """Four digits, a minus sign, and a short exponent: 1.6e−5."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


def _thousands(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"

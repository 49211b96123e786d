"""Detectability against the diameter of a lesion: the translation and the images that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.reporting.charts._axes import label_below, linear_ticks, new_chart
from medtrans.reporting.charts._svg import to_svg
from medtrans.reporting.charts.froc import COLOURS, DASHES


def detectability_chart(rows: Sequence[Mapping[str, Any]], value: str, name: str) -> str:
    """Of rows with image, diameter_mm and `value`; with its interval where they have "low" and "high" of it."""
    figure, axes = new_chart(232, bottom=42)
    for image in dict.fromkeys(row["image"] for row in rows):
        own = [row for row in rows if row["image"] == image]
        sizes = [row["diameter_mm"] for row in own]
        axes.plot(sizes, [row[value] for row in own], color=COLOURS[image], linewidth=1.8, dashes=DASHES[image])
        axes.plot(sizes, [row[value] for row in own], color=COLOURS[image], marker="o", markersize=4, linestyle="")
        if value == "d_prime":
            axes.vlines(sizes, [row["low"] for row in own], [row["high"] for row in own], color=COLOURS[image], lw=1)
    axes.set_ylim(bottom=-0.03)
    linear_ticks(axes.xaxis)
    linear_ticks(axes.yaxis)
    label_below(axes, "diameter, mm")
    return to_svg(figure, name)

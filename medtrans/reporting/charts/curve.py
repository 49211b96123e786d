"""Training curve: one term of a loss, or one validation metric, over the optimiser steps."""

from __future__ import annotations

from medtrans.reporting.charts._axes import label_below, linear_ticks, logarithmic_ticks, new_chart, step_ticks
from medtrans.reporting.charts._svg import FIRST, MARK, to_svg
from medtrans.reporting.curves import Curve, thinned


def curve_chart(curve: Curve, *, last: float, best_step: float | None = None) -> str:
    """From step 0 to `last`: recorded values pale, running mean on top, the best checkpoint as a dot or a line."""
    figure, axes = new_chart(182, bottom=42)
    steps, values = thinned(curve.steps, curve.values)
    if curve.smooth is None:
        axes.plot(steps, values, color=FIRST, linewidth=1.8, marker="o" if len(values) < 40 else "", markersize=3)
    else:
        axes.plot(steps, values, color=FIRST, linewidth=0.8, alpha=0.35)
        axes.plot(*thinned(curve.steps, curve.smooth), color=FIRST, linewidth=1.8)
    if curve.logarithmic:
        axes.set_yscale("log")
        logarithmic_ticks(axes)
    else:
        linear_ticks(axes.yaxis)
    if best_step is not None:
        axes.axvline(best_step, color=MARK, linewidth=1, dashes=(3, 3))
    if curve.best is not None:
        axes.plot(*curve.best, color=MARK, marker="o", markersize=7)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    step_ticks(axes.xaxis)
    label_below(axes, "step")
    return to_svg(figure, curve.name)

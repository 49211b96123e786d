"""Charts as SVG that live in the page: its font, its colours in light and dark, sharp on paper.

matplotlib draws with stand-in colours; each is then replaced by the style sheet's variable of the same meaning.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from medtrans.evaluating.statistics.agreement import Limits
from medtrans.reporting.curves import Curve, stretched

INK, QUIET, LINE, FIRST, SECOND, MARK = (f"#0101{number:02x}" for number in range(1, 7))
VARIABLES = {INK: "ink", QUIET: "quiet", LINE: "line", FIRST: "first", SECOND: "second", MARK: "mark"}
"""Stand-in colour → name of a CSS variable."""
WIDTH = 340
"""Pixels; the page stretches it to the column."""
FONT = 11
TIDYING = [
    (re.compile(pattern, re.DOTALL), instead)
    for pattern, instead in (
        (r"<metadata>.*?</metadata>|<style.*?</style>", ""),
        (r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">'),
        (r'<g id="[^"]*"', "<g"),
        (r"xlink:href", "href"),
        (r' transform="rotate\(-?0 [^"]*"', ""),
        (r"font: ([\d.]+px) [^;\"]*", r"font-size: \1"),
        (r"font-family: [^;\"]*", "font-family: inherit"),
        (r"\s*\n\s*", "\n"),
    )
]
"""What matplotlib writes → what a page needs: no sizes, no ids like "axes_1", the page's own font."""


def curve_chart(curve: Curve, *, last: float, best_step: float | None = None) -> str:
    """One term from step 0 to `last`: raw in pale, smoothed on top, the best checkpoint as a dot or a line."""
    figure, axes = _chart(182, bottom=42)
    steps, values = stretched(curve.steps, curve.values)
    if curve.smooth is None:
        axes.plot(steps, values, color=FIRST, linewidth=1.8, marker="o" if len(values) < 40 else "", markersize=3)
    else:
        axes.plot(steps, values, color=FIRST, linewidth=0.8, alpha=0.35)
        axes.plot(*stretched(curve.steps, curve.smooth), color=FIRST, linewidth=1.8)
    _value_axis(axes, curve)
    if best_step is not None:
        axes.axvline(best_step, color=MARK, linewidth=1, dashes=(3, 3))
    if curve.best is not None:
        axes.plot(*curve.best, color=MARK, marker="o", markersize=7)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    _below(axes, "step")
    return _svg(figure, curve.name)


def strip_chart(values: Mapping[str, Sequence[float]], *, own: Collection[str], name: str) -> str:
    """Every case a dot, one row per competitor, the median a bar; those of `own` are drawn in colour."""
    figure, axes = _chart(42 * len(values) + 40, left=8)
    for row, (system, found) in enumerate(values.items()):
        finite = np.array([value for value in found if np.isfinite(value)])
        colour, words = (FIRST, INK) if system in own else (SECOND, QUIET)
        axes.axhline(-row, color=LINE, linewidth=1, zorder=0)
        label = axes.text(0, -row + 0.3, system, color=words, fontsize=FONT, transform=axes.get_yaxis_transform())
        label.set_parse_math(False)
        if finite.size:
            axes.scatter(finite, np.full(finite.size, -row), s=49, color=colour, alpha=0.55, linewidths=0)
            axes.plot([np.median(finite)] * 2, [-row - 0.17, -row + 0.17], color=colour, linewidth=2.5)
    axes.set_ylim(0.6 - len(values), 0.75)
    axes.yaxis.set_major_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    axes.margins(x=0.06)
    return _svg(figure, f"strip {name}")


def histogram_chart(
    edges: np.ndarray, target: np.ndarray, translated: np.ndarray, unit: str, *, name: str, whole: bool = True
) -> str:
    """Shares in percent, the target's filled, the translation's a line.

    Of a `whole` body on a logarithmic axis, so that bone is seen beside much brain; of one tissue plain and small.
    """
    figure, axes = _chart(212, bottom=42) if whole else _chart(168, bottom=42, left=40, width=250)
    shares = 100 * np.concatenate([target, translated])
    low, high = (shares[shares > 0].min() / 2, shares.max() * 2) if whole else (0.0, shares.max() * 1.08)
    axes.stairs(np.maximum(100 * target, low), edges, color=SECOND, alpha=0.45, fill=True, baseline=low)
    axes.stairs(100 * translated, edges, color=FIRST, linewidth=1.6, baseline=None)
    if whole:
        axes.set_yscale("log", nonpositive="mask")
        _log_ticks(axes)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(FuncFormatter(_number))
    axes.set_ylim(low, high)
    _intensity_axis(axes, edges, unit)
    return _svg(figure, f"histogram {name}")


def error_chart(edges: np.ndarray, mean: np.ndarray, absolute: np.ndarray, unit: str, *, name: str) -> str:
    """Mean (dashed) and mean absolute difference against the target's value; nan where a bin is empty."""
    figure, axes = _chart(212, bottom=42)
    middles = (edges[1:] + edges[:-1]) / 2
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.plot(middles, absolute, color=SECOND, linewidth=1.6)
    axes.plot(middles, mean, color=FIRST, linewidth=1.6, dashes=(4, 2))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(_number))
    _intensity_axis(axes, edges, unit)
    return _svg(figure, f"error {name}")


def agreement_chart(middle: np.ndarray, difference: np.ndarray, limits: Limits | None, unit: str, *, name: str) -> str:
    """Bland-Altman: a dot per subject, the bias a line, its limits of agreement dashed, their intervals pale bands."""
    figure, axes = _chart(232, bottom=42)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    if limits is not None:
        for line, dashes in ((limits.bias, (1, 0)), (limits.lower, (5, 3)), (limits.upper, (5, 3))):
            axes.axhspan(line.low, line.high, color=SECOND, alpha=0.13, linewidth=0)
            axes.axhline(line.value, color=SECOND, linewidth=1.4, dashes=dashes)
    axes.scatter(middle, difference, s=36, color=FIRST, alpha=0.6, linewidths=0)
    axes.margins(x=0.08, y=0.12)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(_number))
    _below(axes, f"mean of target and translated, {unit}")
    return _svg(figure, f"agreement {name}")


def _chart(height: int, *, left: int = 52, bottom: int = 30, width: int = WIDTH) -> tuple[Figure, Axes]:
    """At 72 dots per inch a point is a pixel."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    size = (width - left - 12) / width, (height - bottom - 8) / height
    axes = figure.add_axes((left / width, bottom / height, *size))
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=QUIET, labelsize=FONT, length=0, which="both", pad=5)
    axes.grid(axis="y" if left > 8 else "x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _value_axis(axes: Axes, curve: Curve) -> None:
    if curve.logarithmic:
        axes.set_yscale("log")
        _log_ticks(axes)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(_number))


def _log_ticks(axes: Axes) -> None:
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(_number))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _intensity_axis(axes: Axes, edges: np.ndarray, unit: str) -> None:
    axes.set_xlim(edges[0], edges[-1])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(_number))
    _below(axes, unit)


def _below(axes: Axes, words: str) -> None:
    """What the horizontal axis counts, or its unit, below its numbers."""
    axes.annotate(words, (1, 0), (0, -33), "axes fraction", "offset points", ha="right", color=QUIET, fontsize=FONT)


def _number(value: float, _place: int = 0) -> str:
    """Four digits, a true minus, and an exponent without zeros: 1.6e−5."""
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.4g}").replace("-", "−")


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"


def _svg(figure: Figure, name: str) -> str:
    """The figure as inline SVG: no width, colours by variable; `name` keeps its ids apart from others in the page."""
    FigureCanvasSVG(figure)
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "axes.unicode_minus": True}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for pattern, instead in TIDYING:
        svg = pattern.sub(instead, svg)
    svg = re.sub("<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag.group(0)), svg)
    for colour, name in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg

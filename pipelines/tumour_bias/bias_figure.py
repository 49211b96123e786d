"""Figure of the bias sweep: unpaired methods, paired methods, invented against found tumours, example slices."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.auditing.bias_sweep import Rate, SweepRun

STYLES: dict[Rate, tuple[str, str]] = {"invented": ("-", "o"), "removed": ("--", "s")}


@dataclass(frozen=True, eq=False)
class Example:
    """A slice: of a source, a target (no share) or a translation."""

    name: str
    share: float | None
    ill: bool
    image: np.ndarray


def figure(runs: Sequence[SweepRun], unpaired: Sequence[str], examples: Sequence[Example]) -> bytes:
    """PNG. Filled marks are runs that have learned to translate, empty ones are excluded from slopes."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        chart = Figure(figsize=(11, 8.5), layout="constrained")
        FigureCanvasAgg(chart)
        above, below = chart.subfigures(2, 1, height_ratios=(1, 1.25))
        first, second, third = above.subplots(1, 3)
        colours = {method: f"C{n}" for n, method in enumerate(dict.fromkeys(run.method for run in runs))}
        groups = ((first, "unpaired", True), (second, "paired", False))
        for axes, title, wanted in groups:
            own = [run for run in runs if (run.method in unpaired) is wanted]
            _rates(axes, title, own, colours)
        _plane(third, runs, colours)
        if examples:
            _images(below, examples)
        chart.savefig(data := io.BytesIO(), dpi=110)
    return data.getvalue()


def _rates(axes: Axes, title: str, runs: Sequence[SweepRun], colours: dict[str, str]) -> None:
    """Each run a mark, the means of the seeds a line."""
    for method in dict.fromkeys(run.method for run in runs):
        own = [run for run in runs if run.method == method]
        for kind, (line, mark) in STYLES.items():
            values = [(run.share, _shown(run, kind), run.learned) for run in own]
            for x, y, learned in values:
                axes.plot(x, y, mark, color=colours[method], mfc=colours[method] if learned else "white", ms=5)
            shares = sorted({x for x, _, _ in values})
            means = [np.mean([y for x, y, _ in values if x == share]) for share in shares]
            axes.plot(shares, means, line, color=colours[method], label=f"{method}: {kind}", linewidth=1)
    axes.set(title=title, xlabel="share of ill targets", ylabel=_words(runs), ylim=(-0.03, 1.03))
    if runs:
        axes.legend(frameon=False, fontsize=7)


def _shown(run: SweepRun, kind: Rate) -> float:
    """The corrected rate; as called, where the detector corrects nothing."""
    return run.rate(kind) if run.reader.corrects else run.called(kind)


def _words(runs: Sequence[SweepRun]) -> str:
    poor = any(not run.reader.corrects for run in runs)
    return "share of slices, as called by a poor detector" if poor else "share of slices, corrected"


def _plane(axes: Axes, runs: Sequence[SweepRun], colours: dict[str, str]) -> None:
    """Invented against found; the larger the mark, the larger the share."""
    for run in runs:
        x, y = _shown(run, "invented"), 1 - _shown(run, "removed")
        face = colours[run.method] if run.learned else "none"
        axes.scatter(x, y, 15 + 60 * run.share, facecolors=face, edgecolors=colours[run.method], alpha=0.8)
    axes.plot((0, 1), (0, 1), color="0.8", linewidth=0.8)
    axes.set(title="found against invented", xlabel="invented in healthy", ylabel="found in ill")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))


def _images(part: mpl.figure.SubFigure, examples: Sequence[Example]) -> None:
    """Ill above, healthy below; the same columns, each with one grey scale."""
    rows = [[one for one in examples if one.ill is ill] for ill in (True, False)]
    grid = part.subplots(2, max(map(len, rows)), squeeze=False)
    brightest = [max(float(np.percentile(one.image, 99.5)) for one in column) for column in zip(*rows, strict=True)]
    for line, row in zip(grid, rows, strict=True):
        for axes, one, top in zip(line, row, brightest, strict=True):
            axes.imshow(one.image, cmap="gray", vmin=0, vmax=top or 1)
            share = "" if one.share is None else f"\n{100 * one.share:.0f} % ill"
            axes.set_title(one.name + share, fontsize=7)
            axes.axis("off")
    part.suptitle("an ill slice (above), and the same healthy (below)", fontsize=8)

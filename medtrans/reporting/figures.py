"""Pictures of a report: slices in three planes, what the values did, losses over time. PNG bytes, no global state.

Shown as radiologists look: axial and coronal slices from below and from the front (the patient's right on the left),
sagittal slices from the left, head up.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient

PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
LETTERS = {"sagittal": "APSI", "coronal": "RLSI", "axial": "RLAP"}
"""Which side of the patient is at the left, right, top and bottom of the picture."""
INK, PAPER, ACCENT = "#d8dde3", "#101418", "#4c9be8"


@dataclass(frozen=True)
class Window:
    """How values become grey: from `low` (black) to `high` (white), in `unit`."""

    low: float
    high: float
    unit: str

    def words(self) -> str:
        return f"{self.low:.4g} … {self.high:.4g} {self.unit}"


def window_of(volume: Volume, mask: np.ndarray | None, unit: str) -> Window:
    """CT: -160 … 1200 HU, so that soft tissue and bone both show; else from 0 to the 99.5th percentile of the body."""
    if unit == "HU":
        return Window(-160, 1200, unit)
    counted = volume.voxels[0] if mask is None or not mask.any() else volume.voxels[0][mask]
    return Window(min(0.0, float(counted.min())), max(float(np.percentile(counted, 99.5)), 1e-6), unit)


def as_shown(volume: Volume, plane: str, index: int) -> tuple[np.ndarray, float]:
    """One slice of a volume in RAS+ as it is displayed (row 0 at the top), and its height to width ratio per pixel."""
    axis = PLANES[plane]
    part = np.take(volume.voxels[0], index, axis=axis).T[::-1]
    across, up = (volume.spacing[other] for other in range(3) if other != axis)
    return (part[:, ::-1], up / across)


def middle(mask: np.ndarray) -> tuple[int, int, int]:
    """The voxel in the middle of the body."""
    places = [np.flatnonzero(mask.any(axis=tuple(o for o in range(3) if o != axis))) for axis in range(3)]
    i, j, k = (
        int((found[0] + found[-1]) // 2) if len(found) else n // 2 for found, n in zip(places, mask.shape, strict=True)
    )
    return i, j, k


def slices(
    source: Volume, target: Volume | None, translated: Volume, mask: Volume | None, unit: str
) -> tuple[bytes, str]:
    """Source | target | translated | difference in three planes and in the worst axial slice; and the words below."""
    turned = {
        name: orient(volume, "RAS")[0]
        for name, volume in (("source", source), ("target", target), ("translated", translated), ("mask", mask))
        if volume is not None
    }
    made = turned["translated"]
    body = turned["mask"].voxels[0] > 0 if mask is not None else np.ones(made.shape, bool)
    grey = window_of(turned.get("target", made), body, unit)
    tone = {"source": window_of(turned["source"], body, "a.u."), "target": grey, "translated": grey}
    error = None
    if target is not None:
        difference = (made.voxels[:1].astype(np.float32) - turned["target"].voxels[:1]) * body
        error = made.like(difference)
    rows = list(zip(("axial", "coronal", "sagittal"), reversed(middle(body)), strict=True))
    if error is not None and made.shape[2] > 1:
        area = np.maximum(body.sum(axis=(0, 1)), body.sum(axis=(0, 1)).max() / 3)
        rows.append(("axial", int((np.abs(error.voxels[0]).sum(axis=(0, 1)) / area).argmax())))
    picture, span = _grid(turned, tone, error, rows, body)
    words = f"Grey: {grey.words()} (source {tone['source'].words()})."
    if error is not None:
        words += f" Difference: translated minus target, blue negative, red positive, ±{span:.4g} {unit}."
    return picture, words + " The last row is the axial slice that is farthest off." * (len(rows) > 3)


def _grid(
    turned: Mapping[str, Volume],
    tone: Mapping[str, Window],
    error: Volume | None,
    rows: Sequence[tuple[str, int]],
    body: np.ndarray,
) -> tuple[bytes, float]:
    names = [name for name in ("source", "target", "translated") if name in turned]
    made = turned["translated"]
    heights = [_extent(made, plane)[1] for plane, _ in rows]
    widest = max(_extent(made, plane)[0] for plane, _ in rows)
    width = 2.35 * (len(names) + (error is not None)) + 0.55
    figure = Figure((width, 2.35 * sum(heights) / widest + 0.25), facecolor=PAPER)
    grid = figure.add_gridspec(
        len(rows), len(names) + (error is not None), height_ratios=heights, wspace=0.02, hspace=0.02,
        left=0.005, right=1 - 0.55 / width, top=1 - 0.24 / figure.get_figheight(), bottom=0.005,
    )  # fmt: skip
    span = 1.0
    if error is not None:
        span = max(float(np.percentile(np.abs(error.voxels[0][body]), 99)), 1e-6)
    shown = None
    for row, (plane, index) in enumerate(rows):
        for column, name in enumerate([*names, "difference"][: len(names) + (error is not None)]):
            axes = figure.add_subplot(grid[row, column])
            volume = error if name == "difference" and error is not None else turned[name]
            part, ratio = as_shown(volume, plane, index)
            window = (-span, span) if name == "difference" else (tone[name].low, tone[name].high)
            colours = "RdBu_r" if name == "difference" else "gray"
            shown = axes.imshow(
                part, cmap=colours, vmin=window[0], vmax=window[1], aspect=ratio, interpolation="bilinear"
            )
            axes.set_axis_off()
            if row == 0:
                axes.set_title(name, color=INK, fontsize=9, pad=3)
            if column == 0:
                _letters(axes, plane)
                _scale_bar(axes, part.shape, made, plane)
    if error is not None and shown is not None:
        bar = figure.colorbar(shown, cax=figure.add_axes((1 - 0.42 / width, 0.3, 0.09 / width, 0.4)))
        bar.ax.tick_params(colors=INK, labelsize=6, length=2)
        bar.outline.set_edgecolor(INK)  # type: ignore[operator]
    return _png(figure), span


def _extent(volume: Volume, plane: str) -> tuple[float, float]:
    """Width and height of a plane in mm."""
    across, up = (volume.spacing[o] * volume.shape[o] for o in range(3) if o != PLANES[plane])
    return across, up


def _letters(axes, plane: str) -> None:  # type: ignore[no-untyped-def]
    left, right, top, bottom = LETTERS[plane]
    for x, y, letter in ((0.03, 0.5, left), (0.97, 0.5, right), (0.5, 0.96, top), (0.5, 0.04, bottom)):
        axes.text(x, y, letter, color=INK, fontsize=7, ha="center", va="center", transform=axes.transAxes)


def _scale_bar(axes, shape: tuple[int, ...], volume: Volume, plane: str) -> None:  # type: ignore[no-untyped-def]
    """50 mm, at the lower left."""
    across = next(volume.spacing[o] for o in range(3) if o != PLANES[plane])
    length = 50 / across
    if length < shape[1]:
        x, y = 0.05 * shape[1], 0.95 * shape[0]
        axes.plot([x, x + length], [y, y], color=INK, linewidth=2)
        axes.text(x, y - 0.02 * shape[0], "50 mm", color=INK, fontsize=6, va="bottom")


def values(target: Volume, translated: Volume, mask: Volume | None, unit: str) -> bytes:
    """How often each value occurs within the mask, in the target and in the translation."""
    body = mask.voxels[0] > 0 if mask is not None else np.ones(target.shape, bool)
    one, other = target.voxels[0][body].astype(float), translated.voxels[0][body].astype(float)
    low, high = np.percentile(np.concatenate([one, other]), (0.1, 99.9))
    edges = np.linspace(low, max(high, low + 1e-6), 80)
    figure, axes = _plot(6.2, 1.9)
    for name, part, colour in (("target", one, INK), ("translated", other, ACCENT)):
        axes.stairs(np.histogram(part, edges)[0] / max(len(part), 1), edges, label=name, color=colour, linewidth=1.2)
    axes.set_yscale("log")
    axes.set_xlabel(unit, color=INK, fontsize=8)
    axes.set_ylabel("share of voxels", color=INK, fontsize=8)
    axes.legend(frameon=False, labelcolor=INK, fontsize=8)
    return _png(figure)


def losses(rows: Sequence[Mapping[str, float]], best: str) -> bytes | None:
    """Every term over the steps: raw thin, smoothed thick; the best validation marked. None without terms."""
    names = list(dict.fromkeys(name for row in rows for name in row if "/" in name))
    if not names:
        return None
    columns = min(len(names), 3)
    lines = -(-len(names) // columns)
    figure = Figure((9.6, 1.9 * lines), facecolor=PAPER, layout="constrained")
    for number, name in enumerate(names):
        axes = figure.add_subplot(lines, columns, number + 1)
        _dress(axes)
        steps, found = (
            np.array(column) for column in zip(*((r["step"], r[name]) for r in rows if name in r), strict=True)
        )
        marker = "o" if name.startswith("validation/") else None
        axes.plot(steps, found, color=ACCENT, linewidth=0.6, alpha=0.5, marker=marker, markersize=3)
        if marker is None and len(found) > 20:
            axes.plot(steps, _smooth(found), color=ACCENT, linewidth=1.6)
        if name == best:
            better = found.argmax() if best.endswith(("psnr", "ssim")) else found.argmin()
            axes.plot(steps[better], found[better], marker="*", color="#f2c14e", markersize=10)
        if found.min() > 0 and found.max() / found.min() > 20:
            axes.set_yscale("log")
        axes.set_title(name, color=INK, fontsize=8)
    return _png(figure)


def _smooth(found: np.ndarray) -> np.ndarray:
    width = max(len(found) // 25, 3)
    padded = np.pad(found, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def _plot(width: float, height: float):  # type: ignore[no-untyped-def]
    figure = Figure((width, height), facecolor=PAPER, layout="constrained")
    axes = figure.add_subplot()
    _dress(axes)
    return figure, axes


def _dress(axes) -> None:  # type: ignore[no-untyped-def]
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK, labelsize=7)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color("#5a6470")


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(data, dpi=110, facecolor=figure.get_facecolor(), metadata={"Software": ""})
    return data.getvalue()

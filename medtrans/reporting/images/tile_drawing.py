"""Drawing of a tile: the slice in millimetres, orientation letters, a scale bar and a colour bar."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from medtrans.reporting.images.layers import Tile
from medtrans.reporting.images.slices import LETTERS, View

GREY = LinearSegmentedColormap.from_list("grey", ["#000000", "#ffffff"])
DIVERGING = LinearSegmentedColormap.from_list("signed", ["#74c6ff", "#1f7fd6", "#000000", "#dc6400", "#ffb84a"])
"""Blue below zero, orange above, black at zero: distinguishable with every common colour vision deficiency."""
PAPER, QUIET, AMBER = "#f4f4f4", "#b9b9be", "#ffc24b"
TOP, BOTTOM = 36, 36
"""Height in pixels of the strips above and below the picture."""
SCALE_BARS_MM = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
Place = tuple[float, float, float, float]
"""Left, bottom, width and height in pixels."""


def draw_tile(figure: Figure, tile: Tile, place: Place) -> None:
    """Title, slice and colour bar of one tile at a place of the figure."""
    left, bottom, width, height = place
    _title(figure, tile, place)
    _picture(_axes(figure, (left, bottom + BOTTOM, width, height - TOP - BOTTOM)), tile)
    _colour_bar(figure, tile, place)


def _axes(figure: Figure, place: Place) -> Axes:
    width, height = (side * 72 for side in figure.get_size_inches())
    left, bottom, across, up = place
    axes = figure.add_axes((left / width, bottom / height, across / width, up / height))
    axes.set_axis_off()
    return axes


def _write(figure: Figure, x: float, y: float, text: str, **style: object) -> None:
    width, height = (side * 72 for side in figure.get_size_inches())
    style = {"color": PAPER, "fontsize": 16, "va": "center", "parse_math": False} | style
    figure.text(x / width, y / height, text, **style)  # type: ignore[arg-type]


def _title(figure: Figure, tile: Tile, place: Place) -> None:
    left, bottom, width, height = place
    y = bottom + height - TOP / 2
    _write(figure, left + 8, y, tile.role.capitalize(), weight="bold", fontsize=18)
    slice_text = f"{tile.view.plane} {tile.view.number + 1}/{tile.view.count}"
    text, colour = ("SYNTHETIC", AMBER) if tile.synthetic else (slice_text, QUIET)
    _write(figure, left + width - 8, y, text, color=colour, ha="right")


def _picture(axes: Axes, tile: Tile) -> None:
    """The slice in millimetres with orientation letters and a scale bar; padded with black to the aspect ratio."""
    width, height = tile.view.extent
    low, high = tile.window.low, max(tile.window.high, tile.window.low + 1e-6)
    colours = DIVERGING if tile.diverging else GREY
    pixels = np.ma.masked_invalid(tile.pixels)
    axes.imshow(pixels, cmap=colours, vmin=low, vmax=high, extent=(0, width, 0, height), interpolation="bilinear")
    if tile.contour is not None and tile.contour.any() and not tile.contour.all():
        down, across = tile.contour.shape
        x, y = (np.arange(across) + 0.5) * width / across, (np.arange(down)[::-1] + 0.5) * height / down
        axes.contour(x, y, tile.contour.astype(float), [0.5], colors=QUIET, linewidths=0.7)
    _fit(axes, width, height)
    _letters(axes, tile.view)
    _scale_bar(axes, tile.view)


def _fit(axes: Axes, width: float, height: float) -> None:
    """Limits that show (width, height) mm centred, as large as the axes allow."""
    box = axes.get_window_extent()
    pixel = max(width / box.width, height / box.height)
    across, up = pixel * box.width, pixel * box.height
    axes.set_aspect("auto")
    axes.set_xlim((width - across) / 2, (width + across) / 2)
    axes.set_ylim((height - up) / 2, (height + up) / 2)


def _letters(axes: Axes, view: View) -> None:
    places = ((0.02, 0.5, "left", "center"), (0.98, 0.5, "right", "center"),
              (0.5, 0.985, "center", "top"), (0.5, 0.015, "center", "bottom"))  # fmt: skip
    for letter, (x, y, ha, va) in zip(LETTERS[view.plane], places, strict=True):
        text = axes.text(x, y, letter, transform=axes.transAxes, ha=ha, va=va, color=PAPER, fontsize=18, weight="bold")
        text.set_path_effects([withStroke(linewidth=2.5, foreground="black")])


def _scale_bar(axes: Axes, view: View) -> None:
    """A scale bar of a round length at the lower left."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = max((mm for mm in SCALE_BARS_MM if mm <= 0.27 * (right - left)), default=SCALE_BARS_MM[0])
    x, y = left + 0.025 * (right - left), bottom + 0.03 * (top - bottom)
    (line,) = axes.plot([x, x + length], [y, y], color=PAPER, linewidth=3, solid_capstyle="butt")
    text = axes.text(x, y + 0.015 * (top - bottom), f"{length:g} mm", color=PAPER, fontsize=16, va="bottom")
    for artist in (line, text):
        artist.set_path_effects([withStroke(linewidth=5 if artist is line else 2.5, foreground="black")])


def _colour_bar(figure: Figure, tile: Tile, place: Place) -> None:
    """The colour bar with the ends of the display window, in the strip below the picture."""
    left, bottom, width, _ = place
    y = bottom + BOTTOM / 2
    ends = [f"{end:+g}" if tile.diverging else f"{end:g}" for end in (tile.window.low, tile.window.high)]
    ends = [end.replace("-", "−") for end in ends]
    axes = _axes(figure, (left + 0.35 * width, y - 6, 0.3 * width, 12))
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=DIVERGING if tile.diverging else GREY, aspect="auto")
    axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor="#77777c"))
    _write(figure, left + 0.35 * width - 6, y, ends[0], ha="right", color=QUIET)
    _write(figure, left + 0.65 * width + 6, y, f"{ends[1]} {tile.unit}".strip(), color=QUIET)

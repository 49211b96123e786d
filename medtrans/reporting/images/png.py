"""Tiles as PNG: a slice with orientation letters, a scale in millimetres, and a bar saying what is black and white.

A tile is black in light and dark mode alike, as a viewing room is. What a model made says SYNTHETIC in its pixels, so
that the word stays when the picture is copied out of the page.
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from medtrans.core.errors import UsageError
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Tile, layers
from medtrans.reporting.images.slices import LETTERS, Plane, View

GREY = LinearSegmentedColormap.from_list("grey", ["#000000", "#ffffff"])
DIVERGING = LinearSegmentedColormap.from_list("signed", ["#74c6ff", "#1f7fd6", "#000000", "#dc6400", "#ffb84a"])
"""Blue below, orange above, black where nothing differs: told apart by every common kind of colour vision."""
PAPER, QUIET, AMBER = "#f4f4f4", "#b9b9be", "#ffc24b"
WIDTH, TOP, BOTTOM, GAP = 360, 36, 36, 8
"""Pixels: a tile's width, the strips above and below its picture, the gap between tiles of a panel."""
SHAPES = (0.4, 1.25)
"""Height by width of a picture; flatter and taller ones get black bars."""
LENGTHS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
"""Millimetres a scale may show."""
Place = tuple[float, float, float, float]
"""Left, bottom, width, height in pixels."""


def tile_png(tile: Tile, *, width: int = WIDTH) -> bytes:
    """One tile as a PNG of few colours."""
    figure = _figure(width, _height(tile.view, width))
    _draw(figure, tile, (0, 0, width, _height(tile.view, width)))
    return _png(figure)


def panel(
    case: CaseImages, *, plane: Plane = "axial", worst: bool = False, bone: bool = False, width: int = 1200
) -> bytes:
    """Source | target | translated | difference in one PNG of `width` pixels, for a README or a slide.

    `worst` takes the axial slice with the largest error, `bone` the bone window where the target is CT. Raises
    UsageError where the volume is a single slice of another plane.
    """
    drawn = layers(case)
    views = [view for view in drawn.views() if view.plane == plane and view.worst in (worst, False)]
    if not views:
        raise UsageError(case.case, f"has no {plane} plane", "choose from: axial, coronal, sagittal")
    view = views[-1]
    row = drawn.row(view)
    second = {tile.role: tile for tile in row.second} if bone else {}
    tiles = [second.get(tile.role, tile) for tile in row.tiles]
    each = (width - GAP * (len(tiles) - 1)) // len(tiles)
    height = _height(view, each)
    figure = _figure(width, height)
    for number, tile in enumerate(tiles):
        _draw(figure, tile, (number * (each + GAP), 0, each, height))
    return _png(figure)


def _figure(width: int, height: int) -> Figure:
    """At 72 dots per inch a point is a pixel, so that font sizes are pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="black")
    FigureCanvasAgg(figure)
    return figure


def _height(view: View, width: int) -> int:
    across, up = view.extent
    return TOP + round(width * float(np.clip(up / across, *SHAPES))) + BOTTOM


def _draw(figure: Figure, tile: Tile, place: Place) -> None:
    left, bottom, width, height = place
    _title(figure, tile, place)
    _picture(_axes(figure, (left, bottom + BOTTOM, width, height - TOP - BOTTOM)), tile)
    _bar(figure, tile, place)


def _axes(figure: Figure, place: Place) -> Axes:
    width, height = (side * 72 for side in figure.get_size_inches())
    left, bottom, across, up = place
    axes = figure.add_axes((left / width, bottom / height, across / width, up / height))
    axes.set_axis_off()
    return axes


def _write(figure: Figure, x: float, y: float, words: str, **how: object) -> None:
    width, height = (side * 72 for side in figure.get_size_inches())
    how = {"color": PAPER, "fontsize": 16, "va": "center", "parse_math": False} | how
    figure.text(x / width, y / height, words, **how)  # type: ignore[arg-type]


def _title(figure: Figure, tile: Tile, place: Place) -> None:
    left, bottom, width, height = place
    y = bottom + height - TOP / 2
    _write(figure, left + 8, y, tile.role.capitalize(), weight="bold", fontsize=18)
    place_words = f"{tile.view.plane} {tile.view.number + 1}/{tile.view.count}"
    words, colour = ("SYNTHETIC", AMBER) if tile.synthetic else (place_words, QUIET)
    _write(figure, left + width - 8, y, words, color=colour, ha="right")


def _picture(axes: Axes, tile: Tile) -> None:
    """The slice in millimetres, letters at its sides, a scale below; black bars where the place has another shape."""
    width, height = tile.view.extent
    low, high = tile.window.low, max(tile.window.high, tile.window.low + 1e-6)
    colours = DIVERGING if tile.diverging else GREY
    shown = np.ma.masked_invalid(tile.pixels)
    axes.imshow(shown, cmap=colours, vmin=low, vmax=high, extent=(0, width, 0, height), interpolation="bilinear")
    if tile.outline is not None and tile.outline.any() and not tile.outline.all():
        down, across = tile.outline.shape
        x, y = (np.arange(across) + 0.5) * width / across, (np.arange(down)[::-1] + 0.5) * height / down
        axes.contour(x, y, tile.outline.astype(float), [0.5], colors=QUIET, linewidths=0.7)
    _fit(axes, width, height)
    _letters(axes, tile.view)
    _scale(axes, tile.view)


def _fit(axes: Axes, width: float, height: float) -> None:
    """Show all of (width, height) mm, in the middle, as large as the axes allow."""
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


def _scale(axes: Axes, view: View) -> None:
    """A line of a round length at the lower left, in the picture's own millimetres."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    length = max((mm for mm in LENGTHS if mm <= 0.27 * (right - left)), default=LENGTHS[0])
    x, y = left + 0.025 * (right - left), bottom + 0.03 * (top - bottom)
    (line,) = axes.plot([x, x + length], [y, y], color=PAPER, linewidth=3, solid_capstyle="butt")
    text = axes.text(x, y + 0.015 * (top - bottom), f"{length:g} mm", color=PAPER, fontsize=16, va="bottom")
    for artist in (line, text):
        artist.set_path_effects([withStroke(linewidth=5 if artist is line else 2.5, foreground="black")])


def _bar(figure: Figure, tile: Tile, place: Place) -> None:
    """What the darkest and the brightest colour mean, in the strip below the picture."""
    left, bottom, width, _ = place
    y = bottom + BOTTOM / 2
    ends = [f"{end:+g}" if tile.diverging else f"{end:g}" for end in (tile.window.low, tile.window.high)]
    ends = [end.replace("-", "−") for end in ends]
    axes = _axes(figure, (left + 0.35 * width, y - 6, 0.3 * width, 12))
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=DIVERGING if tile.diverging else GREY, aspect="auto")
    axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor="#77777c"))
    _write(figure, left + 0.35 * width - 6, y, ends[0], ha="right", color=QUIET)
    _write(figure, left + 0.65 * width + 6, y, f"{ends[1]} {tile.window.unit}".strip(), color=QUIET)


def _png(figure: Figure) -> bytes:
    """The figure as a PNG of 256 colours: greys, and those of the signed map and of the mark."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette().tobytes())
    data = io.BytesIO()
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(data, "PNG")
    return data.getvalue()


def _palette() -> np.ndarray:
    """(256, 3) uint8."""
    mark = LinearSegmentedColormap.from_list("mark", ["#000000", AMBER])
    parts = [colours(np.linspace(0, 1, n))[:, :3] for colours, n in ((GREY, 128), (DIVERGING, 112), (mark, 16))]
    return np.rint(np.concatenate(parts) * 255).astype(np.uint8)

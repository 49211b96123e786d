"""Drawing of a tile: the slice in millimetres, orientation letters, a scale bar and a colour bar."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image, ImageDraw, ImageFont

from medtrans.reporting.images.layers import Tile
from medtrans.reporting.images.slices import LETTERS, View

GREY = LinearSegmentedColormap.from_list("grey", ["#000000", "#ffffff"])
DIVERGING = LinearSegmentedColormap.from_list("signed", ["#74c6ff", "#1f7fd6", "#000000", "#dc6400", "#ffb84a"])
"""Blue below zero, orange above, black at zero: distinguishable with every common colour vision deficiency."""
PAPER, QUIET, AMBER = "#f4f4f4", "#b9b9be", "#ffc24b"
TOP, BOTTOM = 36, 36
"""Height in pixels of the strips above and below the picture."""
SMALL, LARGE = 16, 18
"""Font sizes in pixels."""
OUTLINE = 0.7
"""Width in pixels of the contour of the body."""
SCALE_BARS_MM = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels, from the upper left corner."""


def draw_tile(canvas: Image.Image, tile: Tile, box: Box) -> None:
    """Title, slice and colour bar of one tile in a box of the canvas (RGB, black)."""
    left, top, width, height = box
    draw = ImageDraw.Draw(canvas)
    _title(draw, tile, box)
    picture = (left, top + TOP, width, height - TOP - BOTTOM)
    mm = _picture(canvas, tile, picture)
    _letters(draw, tile.view, picture)
    _scale_bar(draw, picture, mm)
    _colour_bar(canvas, tile, (left, top + height - BOTTOM, width, BOTTOM))


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf" / name, size)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    anchor: str,
    *,
    size: int = SMALL,
    bold: bool = False,
    colour: str = PAPER,
    edge: int = 0,
) -> None:
    """`anchor` as Pillow names it: l, m, r across, a, m, d for the top, middle and bottom; with a black `edge`."""
    draw.text(place, text, colour, _font(size, bold), anchor, stroke_width=edge, stroke_fill="black")


def _title(draw: ImageDraw.ImageDraw, tile: Tile, box: Box) -> None:
    left, top, width, _ = box
    y = top + TOP / 2
    _write(draw, (left + 8, y), tile.role.capitalize(), "lm", size=LARGE, bold=True)
    slice_text = f"{tile.view.plane} {tile.view.number + 1}/{tile.view.count}"
    text, colour = ("SYNTHETIC", AMBER) if tile.synthetic else (slice_text, QUIET)
    _write(draw, (left + width - 8, y), text, "rm", colour=colour)


def _picture(canvas: Image.Image, tile: Tile, box: Box) -> float:
    """The slice in the middle of the box, as large as it can be; returns the millimetres of a pixel."""
    (across, up), (left, top, width, height) = tile.view.extent, box
    mm = max(across / width, up / height)
    size = max(round(across / mm), 1), max(round(up / mm), 1)
    low, high = tile.window.low, max(tile.window.high, tile.window.low + 1e-6)
    valid = np.isfinite(tile.pixels)
    values = (_resized(np.where(valid, tile.pixels, low), size) - low) / (high - low)
    colours = _coloured(np.clip(values, 0, 1), tile)
    colours[_resized(valid, size) < 0.5] = 0
    if tile.contour is not None and tile.contour.any() and not tile.contour.all():
        share = _outline(_resized(tile.contour, size))[..., None]
        colours = np.rint((1 - share) * colours + share * np.array(_rgb(QUIET))).astype(np.uint8)
    canvas.paste(Image.fromarray(colours), (left + (width - size[0]) // 2, top + (height - size[1]) // 2))
    return mm


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) by linear interpolation, by means where the picture is smaller."""
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def _coloured(values: np.ndarray, tile: Tile) -> np.ndarray:
    """(..., RGB), uint8, of values from 0 to 1."""
    colours = DIVERGING if tile.diverging else GREY
    table = colours(np.linspace(0, 1, 256), bytes=True)[:, :3]
    return np.asarray(table[np.rint(255 * values).astype(np.uint8)])


def _outline(inside: np.ndarray) -> np.ndarray:
    """Share of each pixel that lies in the line at 0.5, by its distance to it: values divided by their slope."""
    slope = np.hypot(*np.gradient(inside)) if min(inside.shape) > 1 else np.zeros_like(inside)
    return np.asarray(np.clip((OUTLINE + 1) / 2 - np.abs(inside - 0.5) / np.maximum(slope, 1e-6), 0, 1))


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _letters(draw: ImageDraw.ImageDraw, view: View, box: Box) -> None:
    left, top, width, height = box
    places = ((0.02, 0.5, "lm"), (0.98, 0.5, "rm"), (0.5, 0.015, "ma"), (0.5, 0.985, "md"))
    for letter, (x, y, anchor) in zip(LETTERS[view.plane], places, strict=True):
        _write(draw, (left + x * width, top + y * height), letter, anchor, size=LARGE, bold=True, edge=1)


def _scale_bar(draw: ImageDraw.ImageDraw, box: Box, mm: float) -> None:
    """A scale bar of a round length at the lower left, by the millimetres of a pixel."""
    left, top, width, height = box
    length = max((one for one in SCALE_BARS_MM if one <= 0.27 * width * mm), default=SCALE_BARS_MM[0])
    x, y, pixels = round(left + 0.025 * width), round(top + 0.97 * height), round(length / mm)
    draw.rectangle((x - 1, y - 2, x + pixels, y + 2), "black")
    draw.rectangle((x, y - 1, x + pixels - 1, y + 1), PAPER)
    _write(draw, (x, y - 0.015 * height), f"{length:g} mm", "ld", edge=1)


def _colour_bar(canvas: Image.Image, tile: Tile, box: Box) -> None:
    """The colour bar with the ends of the display window, in the strip below the picture."""
    left, top, width, height = box
    draw, y = ImageDraw.Draw(canvas), top + height // 2
    ends = [f"{end:+g}" if tile.diverging else f"{end:g}" for end in (tile.window.low, tile.window.high)]
    ends = [end.replace("-", "−") for end in ends]
    first, last = round(left + 0.35 * width), round(left + 0.65 * width)
    ramp = _coloured(np.tile(np.linspace(0, 1, last - first), (12, 1)), tile)
    canvas.paste(Image.fromarray(ramp), (first, y - 6))
    draw.rectangle((first, y - 6, last - 1, y + 5), outline="#77777c")
    _write(draw, (first - 6, y), ends[0], "rm", colour=QUIET)
    _write(draw, (last + 6, y), f"{ends[1]} {tile.unit}".strip(), "lm", colour=QUIET)

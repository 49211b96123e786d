"""Tiles as PNG: a slice with orientation letters, a scale bar in millimetres and a colour bar.

The background is black in light and in dark mode. A translated image has the word SYNTHETIC in its pixels, so that
the word stays when the picture is copied out of the page.
"""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from medtrans.core.errors import UsageError
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Tile, layers
from medtrans.reporting.images.slices import Plane, View
from medtrans.reporting.images.tile_drawing import AMBER, BOTTOM, DIVERGING, GREY, TOP, draw_tile

WIDTH, GAP = 360, 8
"""Pixels: width of a tile, gap between the tiles of a panel."""
ASPECT_RATIOS = (0.4, 1.25)
"""Smallest and largest height by width of a picture; others are padded with black."""


def tile_png(tile: Tile, *, width: int = WIDTH) -> bytes:
    """One tile as a PNG with a colour palette."""
    height = _height(tile.view, width)
    canvas = Image.new("RGB", (width, height))
    draw_tile(canvas, tile, (0, 0, width, height))
    return _png(canvas)


def panel(
    case: CaseImages, *, plane: Plane = "axial", worst: bool = False, second_window: bool = False, width: int = 1200
) -> bytes:
    """Source | target | translated | difference in one PNG of `width` pixels, for a README or a slide.

    `worst` selects the axial slice with the largest error, `second_window` the second display window of the modality
    (bone, for CT). Raises UsageError where the volume is a single slice of another plane.
    """
    displayed = layers(case)
    views = [view for view in displayed.views() if view.plane == plane and view.worst in (worst, False)]
    if not views:
        raise UsageError(case.case, f"has no {plane} plane", "choose from: axial, coronal, sagittal")
    view = views[-1]
    row = displayed.row(view)
    second = {tile.role: tile for tile in row.second} if second_window else {}
    tiles = [second.get(tile.role, tile) for tile in row.tiles]
    each = (width - GAP * (len(tiles) - 1)) // len(tiles)
    height = _height(view, each)
    canvas = Image.new("RGB", (width, height))
    for number, tile in enumerate(tiles):
        draw_tile(canvas, tile, (number * (each + GAP), 0, each, height))
    return _png(canvas)


def _height(view: View, width: int) -> int:
    across, up = view.extent
    return TOP + round(width * float(np.clip(up / across, *ASPECT_RATIOS))) + BOTTOM


def _png(canvas: Image.Image) -> bytes:
    """A PNG of 256 colours: grey levels, the diverging colour map and the colour of SYNTHETIC."""
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette().tobytes())
    data = io.BytesIO()
    canvas.quantize(palette=palette, dither=Image.Dither.NONE).save(data, "PNG")
    return data.getvalue()


@cache
def _palette() -> np.ndarray:
    """(256, 3) uint8."""
    mark = LinearSegmentedColormap.from_list("mark", ["#000000", AMBER])
    parts = [colours(np.linspace(0, 1, n))[:, :3] for colours, n in ((GREY, 128), (DIVERGING, 112), (mark, 16))]
    return np.rint(np.concatenate(parts) * 255).astype(np.uint8)

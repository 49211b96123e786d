"""The page of a comparison: standings by metric, and every competitor's picture of the same slices."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from medtrans import __version__
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Tile, layers
from medtrans.reporting.images.png import tile_png
from medtrans.reporting.ranking_table import standing_table

Pictures = list[tuple[str, str]]
"""Captions and addresses."""


@dataclass(frozen=True, eq=False)
class Beside:
    """One case as several runs translated it: name of the run → the case with that translation."""

    case: str
    made: Mapping[str, CaseImages]


def render_comparison(found: Mapping[str, Any], cases: Sequence[Beside]) -> bytes:
    """The page. `found` holds definition, subjects, few, margins, runs and standings as plain values."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    tables = [
        standing_table(metric, lines, found["runs"], found["margins"].get(metric))
        for metric, lines in found["standings"].items()
    ]
    page = environment.get_template("comparison.html").render(
        found=found,
        tables=tables,
        cases=[(beside.case, _views(beside)) for beside in cases],
        version=__version__,
    )
    return page.encode("utf-8", "replace")


def _views(beside: Beside) -> list[tuple[Pictures, Pictures]]:
    """Per plane two rows of (caption, picture): source, target and translations; then the differences."""
    drawn = {name: layers(case) for name, case in beside.made.items()}
    first = next(iter(drawn.values()))
    views = [view for view in first.views() if not view.worst]
    rows: dict[str, dict[str, list[Tile]]] = {name: defaultdict(list) for name in drawn}
    for name, found in drawn.items():
        for view in views:
            for tile in found.row(view).tiles:
                rows[name][tile.role].append(tile)
    planes = []
    for number in range(len(views)):
        shared = next(iter(rows.values()))
        top: list[tuple[str, Tile]] = [(role, shared[role][number]) for role in ("source", "target") if role in shared]
        top += [(name, own["translated"][number]) for name, own in rows.items()]
        below = [(name, own["difference"][number]) for name, own in rows.items() if "difference" in own]
        planes.append((_pictures(top), _pictures(_alike(below))))
    return planes


def _alike(tiles: list[tuple[str, Tile]]) -> list[tuple[str, Tile]]:
    """In the widest of their windows, so that one colour means one error in all of them."""
    if not tiles:
        return tiles
    window = max((tile.window for _, tile in tiles), key=lambda window: window.high)
    return [(name, replace(tile, window=window)) for name, tile in tiles]


def _pictures(tiles: list[tuple[str, Tile]]) -> Pictures:
    return [
        (name, "data:image/png;base64," + base64.b64encode(tile_png(tile, width=260)).decode()) for name, tile in tiles
    ]

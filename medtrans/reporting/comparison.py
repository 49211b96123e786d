"""Comparison of systems on the same cases: a ranking by each metric, and the same slices translated by every system."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from medtrans import __version__
from medtrans.core.score import TRANSLATED, Definition
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Layers, Tile, layers
from medtrans.reporting.images.png import tile_png
from medtrans.reporting.images.viewer_volumes import PackedVolumes, max_voxels_for, pack_for_viewer
from medtrans.reporting.page import environment
from medtrans.reporting.ranking_table import Ranking, ranking_table
from medtrans.reporting.scripts import scripts

TILE_WIDTH = 260
"""Pixels."""
Pictures = list[tuple[str, str]]
"""Captions and data URLs."""


@dataclass(frozen=True)
class RunCost:
    """Training of one run."""

    method: str
    steps: int
    minutes: float
    clock: str = "wall"


@dataclass(frozen=True, kw_only=True)
class ComparedSystems:
    """Rankings of systems and baselines on the same subjects."""

    definition: Definition
    subjects: int
    systems: Mapping[str, RunCost | None]
    """Name → training, where it is a run. Every other system in the rankings is a baseline."""
    rankings: Sequence[Ranking]
    remark: str = ""
    """Reservation about few subjects."""


@dataclass(frozen=True, eq=False)
class ComparedCase:
    """One case as several systems translated it: name of the system → the case with that translation."""

    case: str
    systems: Mapping[str, CaseImages] = field(default_factory=dict)


def render_comparison(compared: ComparedSystems, cases: Sequence[ComparedCase]) -> bytes:
    """The page of a comparison."""
    max_voxels = max_voxels_for(len(cases) * max((len(case.systems) for case in cases), default=1))
    page = (
        environment()
        .get_template("comparison.html")
        .render(
            compared=compared,
            tables=[ranking_table(ranking, compared.systems) for ranking in compared.rankings],
            with_margins=any(ranking.margin for ranking in compared.rankings),
            cases=[_shown(case, max_voxels) for case in cases],
            scripts=scripts(),
            version=__version__,
        )
    )
    return page.encode("utf-8", "replace")


@dataclass(frozen=True)
class _ShownCase:
    """`planes` are two rows of (caption, picture) per plane: source, target and translations; then the differences."""

    case: str
    planes: list[tuple[Pictures, Pictures]]
    volumes: PackedVolumes | None


def _shown(case: ComparedCase, max_voxels: int) -> _ShownCase:
    displayed = {name: layers(images) for name, images in case.systems.items()}
    return _ShownCase(case.case, _planes(displayed), pack_for_viewer(_together(displayed), max_voxels))


def _together(displayed: Mapping[str, Layers]) -> Layers:
    """The layers of the first system without its difference, and the translations of all."""
    first = next(iter(displayed.values()))
    roles = [role for role in first.voxels if role not in (TRANSLATED, "difference")]
    made = {f"{TRANSLATED}: {name}": own.voxels[TRANSLATED] for name, own in displayed.items()}
    return replace(
        first,
        voxels={role: first.voxels[role] for role in roles} | made,
        windows=first.windows | dict.fromkeys(made, first.windows[TRANSLATED]),
        modalities=first.modalities | dict.fromkeys(made, first.modalities[TRANSLATED]),
        structures={},
    )


def _planes(displayed: Mapping[str, Layers]) -> list[tuple[Pictures, Pictures]]:
    first = next(iter(displayed.values()))
    views = [view for view in first.views() if not view.worst]
    tiles: dict[str, dict[str, list[Tile]]] = {name: defaultdict(list) for name in displayed}
    for name, own in displayed.items():
        for view in views:
            for tile in own.row(view).tiles:
                tiles[name][tile.role].append(tile)
    shared = next(iter(tiles.values()))
    planes = []
    for number in range(len(views)):
        images: list[tuple[str, Tile]] = [
            (role, shared[role][number]) for role in ("source", "target") if role in shared
        ]
        images += [(name, own["translated"][number]) for name, own in tiles.items()]
        differences = [(name, own["difference"][number]) for name, own in tiles.items() if "difference" in own]
        planes.append((_pictures(images), _pictures(_same_window(differences))))
    return planes


def _same_window(tiles: list[tuple[str, Tile]]) -> list[tuple[str, Tile]]:
    """All tiles in the widest of their windows, so that one colour is one error in all of them."""
    if not tiles:
        return tiles
    window = max((tile.window for _, tile in tiles), key=lambda window: window.high)
    return [(name, replace(tile, window=window)) for name, tile in tiles]


def _pictures(tiles: list[tuple[str, Tile]]) -> Pictures:
    urls = ((name, base64.b64encode(tile_png(tile, width=TILE_WIDTH)).decode()) for name, tile in tiles)
    return [(name, f"data:image/png;base64,{url}") for name, url in urls]

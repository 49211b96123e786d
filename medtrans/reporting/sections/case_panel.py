"""Panel of one case: pictures, facts, errors by intensity, structures, and volumes for the viewer."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from medtrans.core.measurement import Structure
from medtrans.core.score import TRANSLATED
from medtrans.evaluating.columns import Column
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Layers, Row, Tile, layers
from medtrans.reporting.images.png import tile_png
from medtrans.reporting.images.slices import obliquity
from medtrans.reporting.images.viewer_volumes import MAX_VOXELS, PackedVolumes, pack_for_viewer
from medtrans.reporting.images.windows import range_text, window_text
from medtrans.reporting.sections.intensity_errors import IntensityErrors, intensity_errors
from medtrans.reporting.structure_tables import case_groups
from medtrans.reporting.table_cells import Group


@dataclass(frozen=True)
class Picture:
    """One tile as a data URL with its alternative text."""

    url: str
    text: str
    role: str


@dataclass(frozen=True)
class PictureRow:
    """The pictures of one view; `second` are those in the second display window."""

    row: Row
    pictures: tuple[Picture, ...]
    second: tuple[Picture, ...]


@dataclass(frozen=True)
class CasePanel:
    """One case as the template prints it."""

    case: str
    rank: int
    """0 for the worst, 1 for the best, 2 for the others."""
    rank_text: str
    """Rank among the scored cases: "worst of 50"."""
    scores: str
    facts: tuple[str, ...]
    rows: tuple[PictureRow, ...]
    windows: tuple[str, ...]
    compared: bool
    """Whether there is a target."""
    unit: str
    intensities: IntensityErrors | None
    structures: tuple[Group, ...]
    volumes: PackedVolumes | None

    @property
    def anchor(self) -> str:
        """Its place on the page, the same whatever the other cases are, for a link from elsewhere."""
        return "case-" + "-".join(self.case.split())

    @property
    def worst_row(self) -> PictureRow | None:
        """The axial slice with the largest difference; without a target, the axial slice through the centre.

        None for a line of voxels, which has no slice.
        """
        return next((line for line in self.rows if line.row.view.worst), next(iter(self.rows), None))


def case_panel(
    case: CaseImages,
    ranking: Sequence[Group] = (),
    heads: Sequence[Column] = (),
    structures: Sequence[Structure] = (),
    *,
    max_voxels: int = MAX_VOXELS,
) -> CasePanel:
    """Pictures, charts and viewer volumes of one case. `ranking` has the worst case first."""
    displayed = layers(case)
    rows = [displayed.row(view) for view in displayed.views()]
    place = next((number for number, group in enumerate(ranking) if group.case == case.case), None)
    rank, rank_text = _rank(place, len(ranking))
    return CasePanel(
        case=case.case,
        rank=rank,
        rank_text=rank_text,
        scores="" if place is None else _scores(ranking[place], heads),
        facts=_facts(case, displayed),
        rows=tuple(PictureRow(row, _pictures(row.tiles, case), _pictures(row.second, case)) for row in rows),
        windows=_windows(displayed),
        compared=case.target is not None,
        unit=displayed.unit(TRANSLATED),
        intensities=intensity_errors(displayed, case.case),
        structures=tuple(case_groups(structures, case.case)),
        volumes=pack_for_viewer(displayed, max_voxels),
    )


def _rank(place: int | None, count: int) -> tuple[int, str]:
    """Order on the page, and text; place 0 is the worst."""
    if place is None or count == 1:
        return 2, ""
    named = {(count - 1) // 2: (2, "median"), count - 1: (1, "best"), 0: (0, "worst")}
    order, name = named.get(place, (2, f"rank {count - place}"))
    return order, f"{name} of {count}"


def _scores(group: Group, heads: Sequence[Column]) -> str:
    """The scores of the translation on one line."""
    cells = next((line.cells for line in group.lines if line.own), ())
    parts = (f"{head.label} {cell.text} {head.unit}" for head, cell in zip(heads, cells, strict=False) if cell)
    return " · ".join(part.strip() for part in parts)


def _windows(displayed: Layers) -> tuple[str, ...]:
    """Window of target and translation with that of the difference; one text per choice."""
    unit = displayed.unit(TRANSLATED)
    pairs = zip_longest(displayed.windows[TRANSLATED], displayed.windows.get("difference", ()))
    return tuple(
        window_text(grey, unit) + (f", difference ±{difference.high:g} {unit}" if difference else "")
        for grey, difference in pairs
    )


def _facts(case: CaseImages, displayed: Layers) -> tuple[str, ...]:
    """Geometry and modality of the volumes."""
    volume = case.translated
    body = "mask" if case.mask is not None else "body mask"
    facts = [
        f"{' × '.join(map(str, volume.shape))} voxels",
        f"{' × '.join(f'{side:.3g}' for side in volume.spacing)} mm",
        f"orientation {volume.orientation}",
        f"{body}: {displayed.body.mean():.0%} of the volume",
    ]
    if obliquity(volume) > 1:
        facts.append(f"oblique by {obliquity(volume):.0f}°: slices follow the voxel axes")
    for role, image in (("source", case.source), ("translation", volume)):
        if image is not None and image.channels > 1:
            facts.append(f"first of {image.channels} channels of the {role}")
    return tuple(facts)


def _pictures(tiles: Sequence[Tile], case: CaseImages) -> tuple[Picture, ...]:
    pictures = []
    for tile in tiles:
        view = tile.view
        role = "translated (synthetic)" if tile.synthetic else tile.role
        place = f"{view.plane} slice {view.number + 1} of {view.count}"
        text = f"{case.case}, {role}, {place}, {range_text(tile.window, tile.unit)}"
        url = "data:image/png;base64," + base64.b64encode(tile_png(tile)).decode()
        pictures.append(Picture(url, text, tile.role))
    return tuple(pictures)

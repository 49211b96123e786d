"""A pictured case as the page prints it: its tiles, its charts, its geometry."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from medtrans.evaluating.intensity_errors import ByIntensity, by_intensity, by_tissue
from medtrans.evaluating.segmentation.structures import Structure
from medtrans.reporting.charts import error_chart, histogram_chart
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import Layers, Row, Tile, layers
from medtrans.reporting.images.png import tile_png
from medtrans.reporting.images.slices import tilt
from medtrans.reporting.images.viewer_volumes import MOST, Packed, pack_for_viewer
from medtrans.reporting.structure_table import case_groups
from medtrans.reporting.tables import Group, decimals


@dataclass(frozen=True)
class Picture:
    """One tile in the page."""

    address: str
    words: str
    role: str


@dataclass(frozen=True)
class Shown:
    """A pictured case: what the template prints of it."""

    case: str
    scores: Group | None
    place: str
    """Among the scored cases: "worst of 50"."""
    facts: tuple[str, ...]
    rows: tuple[tuple[Row, tuple[Picture, ...], tuple[Picture, ...]], ...]
    windows: tuple[str, ...]
    compared: bool
    """Whether there is a target to compare with."""
    unit: str
    intensities: ByIntensity | None
    decimals: int = 1
    histogram: str = ""
    error: str = ""
    tissues: tuple[tuple[str, str, str], ...] = ()
    """Name, limits and histogram of each tissue, for CT."""
    structures: tuple[Group, ...] = ()
    """Of the downstream task, one each."""
    volumes: Packed | None = None


def shown(
    case: CaseImages,
    tables: Sequence[Group],
    structures: Sequence[Structure] = (),
    *,
    most: int = MOST,
    hounsfield: bool | None = None,
) -> Shown:
    """Pictures, charts, facts and volumes of at most `most` voxels; its scores are looked up in `tables`.

    `structures` are those of all cases; `hounsfield` as in `layers`.
    """
    drawn = layers(case, hounsfield=hounsfield)
    rows = [drawn.row(view) for view in drawn.views()]
    unit = drawn.windows["translated"][0].unit
    place = next((number for number, group in enumerate(tables) if group.case == case.case), None)
    found = _intensities(drawn)
    return Shown(
        case=case.case,
        scores=None if place is None else tables[place],
        place="" if place is None else _place(place, len(tables)),
        facts=_geometry(case, drawn),
        rows=tuple((row, _pictures(row.tiles, case), _pictures(row.second, case)) for row in rows),
        windows=_windows(drawn),
        compared=case.target is not None,
        unit=unit,
        intensities=found,
        decimals=decimals([band.absolute for band in found.bands]) if found else 1,
        histogram=histogram_chart(found.edges, found.target, found.translated, unit, name=case.case) if found else "",
        error=error_chart(found.edges, found.mean, found.absolute, unit, name=case.case) if found else "",
        tissues=_tissues(drawn, case.case) if unit == "HU" else (),
        structures=tuple(case_groups(structures, case.case)),
        volumes=pack_for_viewer(drawn, most),
    )


def _place(place: int, count: int) -> str:
    """Of a case in a table whose worst case has place 0."""
    if count == 1:
        return ""
    names = {(count - 1) // 2: "median", count - 1: "best", 0: "worst"}
    return f"{names.get(place, f'place {place + 1} from the worst')} of {count}"


def _windows(drawn: Layers) -> tuple[str, ...]:
    pairs = zip_longest(drawn.windows["translated"], drawn.windows.get("difference", ()))
    return tuple(grey.sentence + (f", difference ±{off.high:g} {off.unit}" if off else "") for grey, off in pairs)


def _intensities(drawn: Layers) -> ByIntensity | None:
    if "target" not in drawn.voxels:
        return None
    true, made = (drawn.voxels[role][drawn.body] for role in ("target", "translated"))
    return by_intensity(true, made, hounsfield=drawn.windows["target"][0].unit == "HU")


def _tissues(drawn: Layers, name: str) -> tuple[tuple[str, str, str], ...]:
    if "target" not in drawn.voxels:
        return ()
    found = by_tissue(*(drawn.voxels[role][drawn.body] for role in ("target", "translated")))
    charts = (
        histogram_chart(one.edges, one.target, one.translated, "HU", name=f"{name} {one.name}", whole=False)
        for one in found
    )
    return tuple((one.name, one.limits, chart) for one, chart in zip(found, charts, strict=True))


def _geometry(case: CaseImages, drawn: Layers) -> tuple[str, ...]:
    volume = case.translated
    facts = [
        f"{' × '.join(map(str, volume.shape))} voxels",
        f"{' × '.join(f'{side:.3g}' for side in volume.spacing)} mm",
        f"stored {volume.orientation}",
        f"{'mask' if case.mask is not None else 'body found:'} {drawn.body.mean():.0%} of the volume",
    ]
    if tilt(volume) > 1:
        facts.append(f"oblique by {tilt(volume):.0f}°: planes follow the voxels")
    for role, image in (("source", case.source), ("translation", volume)):
        if image is not None and image.channels > 1:
            facts.append(f"first of {image.channels} channels of the {role}")
    return tuple(facts)


def _pictures(tiles: Sequence[Tile], case: CaseImages) -> tuple[Picture, ...]:
    found = []
    for tile in tiles:
        view = tile.view
        role = "translated (synthetic)" if tile.synthetic else tile.role
        words = f"{case.case}, {role}, {view.plane} slice {view.number + 1} of {view.count}, {tile.window.words}"
        address = "data:image/png;base64," + base64.b64encode(tile_png(tile)).decode()
        found.append(Picture(address, words, tile.role))
    return tuple(found)

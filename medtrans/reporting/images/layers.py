"""What to show of a case: which slices, which volumes, in which grey windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.reporting.images.case_images import CaseImages, Window, difference_windows, windows
from medtrans.reporting.images.slices import View, body_of, centre_views, upright, worst_view


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture: `pixels` (rows, columns) of the volume in `role`, shown in a window."""

    role: str
    pixels: np.ndarray
    view: View
    window: Window
    outline: np.ndarray | None = None
    """(rows, columns), true inside a line to be drawn."""

    @property
    def diverging(self) -> bool:
        return self.role == "difference"

    @property
    def synthetic(self) -> bool:
        """Whether a model made what is shown."""
        return self.role == "translated"


@dataclass(frozen=True)
class Row:
    """The tiles of one view; where the translation is CT, `second` has all that is in HU in the second window."""

    view: View
    tiles: tuple[Tile, ...]
    second: tuple[Tile, ...] = ()


@dataclass(frozen=True, eq=False)
class Layers:
    """A case turned to RAS+, first channels only: role → voxels (i, j, k), role → windows."""

    voxels: dict[str, np.ndarray]
    windows: dict[str, tuple[Window, ...]]
    body: np.ndarray
    spacing: tuple[float, float, float]
    affine: np.ndarray
    structures: dict[str, np.ndarray]
    """Role → number of a class (i, j, k), 0 where none."""
    classes: tuple[str, ...]

    def views(self) -> list[View]:
        """Three planes through the body's centre, then the worst axial slice where there is a target."""
        views = centre_views(self.body, self.spacing)
        worst = worst_view(self.voxels["difference"], self.body, self.spacing) if "difference" in self.voxels else None
        return [*views, worst] if worst else views

    def row(self, view: View) -> Row:
        tiles = tuple(self._tile(role, view, 0) for role in self.voxels)
        double = [role for role in self.voxels if len(self.windows[role]) > 1]
        second = tuple(self._tile(role, view, 1) for role in double)
        return Row(view, tiles, second if "translated" in double else ())

    def _tile(self, role: str, view: View, number: int) -> Tile:
        outline = view.cut(self.body) if role == "difference" else None
        return Tile(role, view.cut(self.voxels[role]).astype(np.float32), view, self.windows[role][number], outline)


def layers(case: CaseImages, *, hounsfield: bool | None = None) -> Layers:
    """`hounsfield` says whether target and translation are CT in HU; None looks at their values."""
    true = case.target if case.target is not None else case.translated
    shown = upright(true)
    body = body_of(upright(case.mask) if case.mask is not None else None, shown)
    made, grey = upright(case.translated), windows(shown, body, hounsfield=hounsfield)
    voxels, how = {}, {"translated": grey, "target": grey}
    if case.source is not None:
        source = upright(case.source)
        voxels["source"], how["source"] = source.voxels[0], windows(source, body)
    if case.target is not None:
        voxels["target"] = shown.voxels[0]
    voxels["translated"] = made.voxels[0]
    if case.difference is not None:
        voxels["difference"] = upright(case.difference).voxels[0]
        how["difference"] = difference_windows(voxels["difference"], body, grey)
    numbers = {role: upright(labels).voxels[0] for role, labels in case.structures.items()}
    return Layers(voxels, how, body, shown.spacing, shown.affine, numbers, case.classes)

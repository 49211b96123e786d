"""Layers of a case: its volumes in RAS+ orientation with their display windows, cut into tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.modality import DisplayWindow, Modality
from medtrans.core.volume import Volume
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.slices import View, body_of, centre_views, to_ras, worst_view
from medtrans.reporting.images.windows import difference_windows, display_windows

ROLES = ("source", "target", "translated", "difference")


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture: pixels (rows, columns) of the volume in `role`, with display window and unit."""

    role: str
    pixels: np.ndarray
    view: View
    window: DisplayWindow
    unit: str
    contour: np.ndarray | None = None
    """(rows, columns), true inside the contour that is drawn."""

    @property
    def diverging(self) -> bool:
        """Whether values are signed, around zero."""
        return self.role == "difference"

    @property
    def synthetic(self) -> bool:
        """Whether the picture shows output of a model."""
        return self.role == "translated"


@dataclass(frozen=True)
class Row:
    """The tiles of one view. `second` are those with a second display window, where the translation has one."""

    view: View
    tiles: tuple[Tile, ...]
    second: tuple[Tile, ...] = ()


@dataclass(frozen=True, eq=False)
class Layers:
    """First channels of a case in RAS+: role → voxels (i, j, k), display windows and modality."""

    voxels: dict[str, np.ndarray]
    windows: dict[str, tuple[DisplayWindow, ...]]
    modalities: dict[str, Modality]
    body: np.ndarray
    spacing: tuple[float, float, float]
    affine: np.ndarray
    structures: dict[str, np.ndarray]
    """Role → index of a class (i, j, k), 0 for background."""
    classes: tuple[str, ...]
    maps: dict[str, np.ndarray]
    """Name → further values (i, j, k), from 0 on."""

    def unit(self, role: str) -> str:
        """Unit of the values in `role`."""
        return self.modalities[role].unit

    def views(self) -> list[View]:
        """Three planes through the centre of the body, then the worst axial slice where there is a target."""
        views = centre_views(self.body, self.spacing)
        worst = worst_view(self.voxels["difference"], self.body, self.spacing) if "difference" in self.voxels else None
        return [*views, worst] if worst else views

    def row(self, view: View) -> Row:
        """All tiles of one view."""
        tiles = tuple(self._tile(role, view, 0) for role in self.voxels)
        double = [role for role in self.voxels if len(self.windows[role]) > 1]
        second = tuple(self._tile(role, view, 1) for role in double)
        return Row(view, tiles, second if "translated" in double else ())

    def _tile(self, role: str, view: View, number: int) -> Tile:
        contour = view.cut(self.body) if role == "difference" else None
        pixels = view.cut(self.voxels[role]).astype(np.float32)
        return Tile(role, pixels, view, self.windows[role][number], self.unit(role), contour)


def layers(case: CaseImages) -> Layers:
    """The layers of a case. Without a mask the body is segmented in the target, or else in the translation."""
    reference = to_ras(case.target if case.target is not None else case.translated)
    body = body_of(to_ras(case.mask) if case.mask is not None else None, reference)
    volumes: dict[str, Volume | None] = {role: getattr(case, role) for role in ROLES}
    voxels = {role: to_ras(volume).voxels[0] for role, volume in volumes.items() if volume is not None}
    modalities = {role: case.modality(role) for role in voxels}
    grey = display_windows(reference.voxels[0], body, modalities["translated"])
    windows = dict.fromkeys(("target", "translated"), grey)
    if "source" in voxels:
        windows["source"] = display_windows(voxels["source"], body, modalities["source"])
    if "difference" in voxels:
        windows["difference"] = difference_windows(voxels["difference"], body, modalities["difference"])
    structures = {role: to_ras(labels).voxels[0] for role, labels in case.structures.items()}
    maps = {name: to_ras(volume).voxels[0] for name, volume in case.maps.items()}
    return Layers(
        voxels, windows, modalities, body, reference.spacing, reference.affine, structures, case.classes, maps
    )

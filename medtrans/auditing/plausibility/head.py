"""The head of a CT: its body on a coarse grid, its place, and whether it is a head that these checks are meant for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from medtrans.auditing.gate.coarse import Coarse, coarsen, to_world
from medtrans.auditing.gate.orientation import Frame, frame_of
from medtrans.core.finding import Outcome, Verdict
from medtrans.core.volume import Volume

BONE_HU = 200.0
LITRES, WIDTH_MM = (1.5, 8.0), (100.0, 200.0)
"""Of a body that can be a head of an adult or a child, with some of its neck."""
BLANK = 50
"""Voxels of a body below which nothing is checked."""


@dataclass(frozen=True, eq=False)
class CTHead:
    """A CT in HU (i, j, k), with the body in coarse blocks and its place in mm."""

    volume: Volume
    coarse: Coarse
    frame: Frame

    @property
    def hu(self) -> np.ndarray:
        """(i, j, k)."""
        return np.asarray(self.volume.voxels[0])

    @cached_property
    def coarse_hu(self) -> np.ndarray:
        """Means of blocks (i, j, k)."""
        return self.coarse.image + np.float32(self.coarse.air)

    @cached_property
    def depth(self) -> np.ndarray:
        """Mm from the skin of each block; 0 outside."""
        return np.asarray(ndimage.distance_transform_edt(self.coarse.body, sampling=self.coarse.spacing))

    @cached_property
    def places(self) -> np.ndarray:
        """Mm from the middle of the crown to the right, to the front, and from the vertex upwards (3, i, j, k)."""
        indices = np.indices(self.coarse.body.shape).reshape(3, -1).T
        points = to_world(self.coarse.affine, indices) - [self.frame.x, self.frame.y, self.frame.vertex]
        return np.asarray(points.T.reshape(3, *self.coarse.body.shape))

    @cached_property
    def is_head(self) -> bool:
        """Whether size and width are those of a head."""
        litres = self.coarse.body.sum() * self.coarse.voxel_ml / 1e3
        width = np.ptp(self.places[0][self.coarse.body & (self.places[2] > -100)])
        return bool(LITRES[0] <= litres <= LITRES[1] and WIDTH_MM[0] <= width <= WIDTH_MM[1])


def head_of(ct: Volume) -> CTHead | None:
    """None where there is no body."""
    coarse = coarsen(ct, is_ct=True)
    if coarse.body.sum() < BLANK or coarse.body.all():
        return None
    return CTHead(ct, coarse, frame_of(coarse.points))


def verdict(code: str, question: str, outcome: Outcome, reason: str, **numbers: float) -> Verdict:
    """One answer."""
    return Verdict(code=code, question=question, outcome=outcome, reason=reason, numbers=numbers)


def answer(code: str, question: str, is_plausible: bool, reason: str, **numbers: float) -> Verdict:
    """Plausible or doubtful."""
    return verdict(code, question, "plausible" if is_plausible else "doubtful", reason, **numbers)


def not_a_head(code: str, question: str) -> Verdict:
    """For what is asked of heads alone."""
    return verdict(code, question, "not assessable", "its size is not that of a head")

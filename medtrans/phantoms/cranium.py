"""Skull and scalp: the cavity of the brain, outer and inner table with diploë between, skin, fat and muscle.

Coordinates are those of the template in mm: x to the right, y to the front, z to the top, the origin where the
anterior commissure lies. Sizes are those of an MNI-like adult head; `anatomy` scales them to the subject.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.phantoms.canvas import Canvas, Lattice
from medtrans.phantoms.shapes import Ellipsoid, Rod, Shape, bump, rounded_union

INNER_TABLE = 1.6
"""Thickness in mm of the bone around the cavity, which the structures of the face leave intact."""


@dataclass(frozen=True)
class Surfaces:
    """Depths in mm on the lattice: below the skin, below the skull's outer surface, inside its cavity."""

    body: np.ndarray
    outer: np.ndarray
    inside: np.ndarray

    @property
    def face(self) -> np.ndarray:
        """Positive in the head but out of the cavity, its wall and the skin."""
        return np.minimum(self.body - 2.0, -self.inside - INNER_TABLE)


def paint_cranium(c: Canvas) -> Surfaces:
    """Skin, fat and muscle, bone and marrow, and a cavity full of CSF."""
    p = c.sparse
    side = np.abs(p.x)
    inside = _cavity(p, side)
    temple = bump((p.y - 8) / 34, (p.z + 14) / 30) * np.clip((side - 40) / 12, 0, 1)
    outer = inside + _thickness(p, side, temple)
    scalp = p.draw(4.5, 6.8) + 1.0 * p.noise(40) + 9 * temple
    body = rounded_union([outer + scalp, _face_and_neck(p)], 10)
    for shape in _nose_and_ears():
        body = rounded_union([body, shape.depth(side, p.y, p.z)], 5)
    surfaces = Surfaces(*(c.dense(depth) for depth in (body, outer, inside)))
    c.fill(surfaces.body, {"skin": 0, "fat": 1.7})
    _muscles(c, body, np.maximum(9 * temple - 1.5, np.minimum(-18 - p.z, -outer)))
    c.fill(surfaces.outer, {"cortical bone": 0})
    diploe = np.minimum(surfaces.outer - 1.7, -surfaces.inside - 1.5)
    c.fill(np.minimum(diploe, c.noise(10) + 1.5), {"marrow": 0}, over=("cortical bone",))
    c.fill(surfaces.inside, {"CSF": 0})
    return surfaces


def _cavity(p: Lattice, side: np.ndarray) -> np.ndarray:
    """Depth in the cavity: an egg on a floor of three steps, with pits for temporal lobes and cerebellum."""
    egg = Ellipsoid((0, -16, 10), (72, 91, 71)).depth(p.x * (1 + np.clip(0.0011 * (p.y + 16), -0.1, 0.1)), p.y, p.z)
    roofs_of_orbits = 9 * bump((side - 30) / 15, (p.y - 42) / 24)
    upper = np.minimum(egg, p.z + 22 - roofs_of_orbits)
    temporal = Ellipsoid((40, -10, -24), (30, 37, 25)).depth(side, p.y, p.z)
    behind = p.depth(Ellipsoid((0, -56, -35), (57, 42, 31)))
    stem = p.depth(Ellipsoid((0, -27, -36), (17, 17, 30)))
    inside = rounded_union([upper, temporal, behind, stem], 7)
    petrous = Rod((16, -17, -40), (64, -32, -36), 8, 9).depth(side, p.y, p.z)
    return np.minimum(inside, -petrous)


def _thickness(p: Lattice, side: np.ndarray, temple: np.ndarray) -> np.ndarray:
    """Thickness of the skull in mm: thin at the temples, thick above the nose and at the back of the head."""
    brow = 5 * bump(p.x / 26, (p.y - 80) / 14, (p.z + 12) / 14)
    back = 4 * bump(p.x / 22, (p.y + 104) / 20, (p.z + 18) / 20)
    return np.maximum(p.draw(5.5, 8.0) + 0.9 * p.noise(35) + brow + back - 3.0 * temple, 3.0)


def _face_and_neck(p: Lattice) -> np.ndarray:
    parts: list[Shape] = [
        Ellipsoid((0, 42, -62), (60, 47, 54)),
        Ellipsoid((0, 24, -100), (54, 52, 38)),
        Ellipsoid((0, 62, -120), (30, 27, 24)),
        Ellipsoid((0, 78, -90), (22, 14, 14)),
        Rod((0, -26, -70), (0, -40, -240), 60, 57),
    ]
    return rounded_union([p.depth(part) for part in parts], 14)


def _nose_and_ears() -> list[Ellipsoid | Rod]:
    """For |x|, so that each ear is one shape."""
    return [
        Rod((0, 84, -34), (0, 103, -62), 4.5, 7.5),
        Ellipsoid((9, 92, -66), (8, 9, 6)),
        Ellipsoid((82, -28, -32), (5, 14, 26)),
    ]


def _muscles(c: Canvas, body: np.ndarray, region: np.ndarray) -> None:
    """Muscles below a layer of fat, in bundles with fat between them. Depths on the sparse lattice."""
    p = c.sparse
    layer = p.draw(2.5, 5.0) + 1.0 * p.noise(30)
    c.fill(c.dense(np.minimum(body - 1.7 - layer, region)), {"muscle": 0})
    c.fill(
        (c.dense(2.2 * p.noise(15)), c.dense(np.minimum(body - 1.7, region - 4))),
        {"fat": 0},
        over=("muscle",),
        combine=lambda bundle, deep: np.minimum(0.35 - np.abs(bundle), deep),
    )

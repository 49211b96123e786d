"""Teeth: fourteen in each jaw, crowns of enamel over dentine and one root each; some molars may have fillings of metal.

Coordinates as in `cranium`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.arithmetic import sine_cosine
from medtrans.phantoms.canvas import Canvas
from medtrans.phantoms.shapes import Ellipsoid, Point, Rod

TEETH = 7
"""On either side of a jaw."""
FIRST_MOLAR = 3
"""Premolars and molars, counted from the middle, may be filled."""
FIRST_ANGLE, ANGLE = 0.11, 0.21
"""Radians along the arch from the middle to the first tooth, and from each tooth to the next."""
ENAMEL = 1.2
"""Thickness in mm."""
FILLING = 2.8
"""Radius in mm, of which the lattice leaves about 2."""


@dataclass(frozen=True)
class Jaw:
    """Arch of teeth: centre and radii in mm of the half ellipse on which they stand."""

    centre: tuple[float, float]
    radii: tuple[float, float]
    crown: float
    """Height in mm of the middle of the crowns."""
    up: int
    """1 where roots point upwards, else -1."""


JAWS = (Jaw((0, 38), (27, 40), -95.5, 1), Jaw((0, 30), (32, 46), -103.0, -1))
PLACES = [(jaw, side, number) for jaw in JAWS for side in (-1, 1) for number in range(TEETH)]
FILLABLE = [place for place in PLACES if place[2] >= FIRST_MOLAR]


def paint_teeth(c: Canvas, face: np.ndarray, fillings: int, rng: np.random.Generator) -> None:
    """Paint all teeth, and `fillings` of metal in random molars; `rng` is for these alone."""
    for jaw, side, number in PLACES:
        (x, y, z), size = _crown(jaw, side, number), _size(number)
        tip = (x, y, z + 16 * jaw.up)
        c.paint(Rod((x, y, z), tip, 0.75 * size, 1.2), {"dentine": 0}, within=face)
    for jaw, side, number in PLACES:
        size = _size(number)
        crown = Ellipsoid(_crown(jaw, side, number), (size, size, 4.6))
        c.paint(crown, {"enamel": 0, "dentine": ENAMEL}, within=face)
    order = np.argsort(rng.random(len(FILLABLE)), kind="stable").tolist()
    for place in order[:fillings]:
        jaw, side, number = FILLABLE[place]
        x, y, z = _crown(jaw, side, number)
        filling = Ellipsoid((x, y, z - 2.6 * jaw.up), (FILLING, FILLING, FILLING))
        c.paint(filling, {"metal": 0}, within=face)


def _size(number: int) -> float:
    """Half the width in mm: incisors are narrow."""
    return 3.2 if number < FIRST_MOLAR else 4.6


def _crown(jaw: Jaw, side: int, number: int) -> Point:
    sine, cosine = sine_cosine(np.array(FIRST_ANGLE + ANGLE * number))
    return side * jaw.radii[0] * float(sine), jaw.centre[1] + jaw.radii[1] * float(cosine), jaw.crown

"""Face and neck: sinuses, nose, eyes, jaws, airway, ears, vertebrae.

All of it stays out of the skull's cavity and its inner table. Coordinates as in `cranium`.
"""

from __future__ import annotations

import numpy as np

from medtrans.phantoms.canvas import Canvas
from medtrans.phantoms.cranium import Surfaces
from medtrans.phantoms.shapes import Arch, Ellipsoid, Point, Rod
from medtrans.phantoms.teeth import paint_teeth

SOFT_TISSUES = ("fat", "muscle", "skin")
BONE = ("cortical bone", "marrow")
WALL = {"cortical bone": -1.6, "mucosa": -0.5, "air inside": 0.7}
"""The layers of a sinus."""


def paint_face(c: Canvas, surfaces: Surfaces, fillings: int, rng: np.random.Generator) -> None:
    """Paint face and neck; each part may replace those before. `rng` places the fillings of the teeth."""
    face = surfaces.face
    _jaws(c, face)
    paint_teeth(c, face, fillings, rng)
    _throat(c, face)
    cells = np.minimum(face, 2.5 * c.noise(6) - 0.4)
    for side in (-1, 1):
        _cheek(c, face, side)
        _ear(c, face, surfaces.outer, cells, side)
    _nose(c, face)
    _frontal_sinus(c, surfaces)
    for side in (-1, 1):
        _orbit(c, face, side)
    _spine(c, face)


def _jaws(c: Canvas, face: np.ndarray) -> None:
    """Palate, mandible with its branches, tongue."""
    c.paint(Ellipsoid((0, 46, -96), (22, 32, 14)), {"fat": -1.0, "muscle": 0}, within=face)
    c.paint(Ellipsoid((0, 44, -79), (23, 34, 3.2)), {"mucosa": -1.5, "cortical bone": 0, "marrow": 1.3}, within=face)
    c.paint(Arch((0, 40, -85), (25, 38), 6, 8), {"cortical bone": 0, "marrow": 2.2}, within=face)
    c.paint(Arch((0, 30, -113), (33, 47), 6.5, 12), {"cortical bone": 0, "marrow": 2.3}, within=face)
    for side in (-1, 1):
        for start, end, radius in (
            ((35, 30, -113), (46, 4, -104), 6.5),
            ((46, 4, -104), (50, -2, -66), 5.0),
            ((50, -2, -66), (51, -7, -52), 5.5),
        ):
            rod = Rod(_mirrored(start, side), _mirrored(end, side), radius)
            c.paint(rod, {"cortical bone": 0, "marrow": 2.0}, within=face)


def _throat(c: Canvas, face: np.ndarray) -> None:
    """From the back of the nose down to the larynx, and the great vessels beside it."""
    for start, end, radius in (
        ((0, 14, -60), (0, 5, -72), 8.0),
        ((0, 5, -72), (0, 6, -108), 6.0),
        ((0, 6, -108), (0, 14, -240), 8.0),
    ):
        c.paint(Rod(start, end, radius), {"mucosa": -2.2, "air inside": 0}, within=face)
    for side in (-1, 1):
        for start, end, radius in (((24, -2, -62), (26, 2, -240), 2.8), ((30, -12, -58), (33, -4, -240), 4.5)):
            c.paint(
                Rod(_mirrored(start, side), _mirrored(end, side), radius), {"blood": 0}, within=face, over=SOFT_TISSUES
            )


def _cheek(c: Canvas, face: np.ndarray, side: int) -> None:
    """Cheek bone and arch, buccal fat, maxillary sinus of random size."""
    c.paint(Rod((side * 46, 50, -52), (side * 62, 8, -48), 4.5, 2.6), {"cortical bone": 0, "marrow": 1.8}, within=face)
    c.paint(Rod((side * 44, 56, -50), (side * 46, 60, -30), 4.0), {"cortical bone": 0, "marrow": 1.8}, within=face)
    c.paint(Ellipsoid((side * 44, 34, -76), (9, 16, 16)), {"fat": 0}, within=face, over=("muscle",))
    size = c.draw(0.85, 1.12)
    c.paint(Ellipsoid((side * 30, 47, -65), (13.5 * size, 18 * size, 13 * size)), WALL, within=face)


def _ear(c: Canvas, face: np.ndarray, outer: np.ndarray, cells: np.ndarray, side: int) -> None:
    """Mastoid with its cells of air, the canal of the ear, cartilage of the ear itself."""
    c.paint(Ellipsoid((side * 82, -28, -32), (3.2, 11, 22)), {"cartilage": 0}, over=("fat", "skin"), within=-outer - 2)
    mastoid = Ellipsoid((side * 57, -33, -48), (14, 17, 20))
    c.paint(mastoid, {"cortical bone": 0}, within=face)
    c.paint(mastoid, {"air inside": 2.2}, within=cells, over=BONE)
    c.paint(Rod((side * 65, -24, -41), (side * 92, -26, -42), 3.0), {"skin": -1.2, "air inside": 0}, within=face)


def _nose(c: Canvas, face: np.ndarray) -> None:
    """Cavity with septum and conchae, cells of the ethmoid, sphenoid sinus."""
    c.paint(Ellipsoid((0, 14, -37), (17, 15, 14)), {"cortical bone": 0, "marrow": 2.0}, within=face)
    size = c.draw(0.8, 1.15)
    c.paint(Ellipsoid((0, 15, -37), (13 * size, 12 * size, 10 * size)), WALL, within=face)
    c.paint(Rod((0, 84, -36), (0, 92, -50), 3.6, 2.4), {"cortical bone": 0}, within=face)
    c.paint(
        Ellipsoid((0, 48, -62), (15, 40, 16)), {"cortical bone": -1.4, "mucosa": -0.3, "air inside": 1.6}, within=face
    )
    c.paint(Ellipsoid((0, 44, -38), (12, 26, 11)), {"cortical bone": -1.0, "air inside": 0}, within=face)
    walls = np.minimum(face, 0.9 - 2.6 * np.abs(c.noise(9)))
    c.paint(Ellipsoid((0, 44, -38), (12, 26, 11)), {"mucosa": -0.2}, within=walls, over=("air inside",))
    for side in (-1, 1):
        for x, z, wide, high in ((8, -70, 3.6, 6.5), (7, -57, 3.0, 6.0)):
            concha = Ellipsoid((side * x, 44, z), (wide, 28, high))
            c.paint(concha, {"mucosa": 0, "cortical bone": 2.4}, within=face, over=("air inside",))
        c.paint(Rod((side * 6, 96, -73), (side * 6, 84, -62), 3.2), {"air inside": 0}, within=face)
    c.paint(Ellipsoid((0, 56, -60), (1.6, 40, 19)), {"mucosa": 0, "cartilage": 0.9}, within=face, over=("air inside",))


def _frontal_sinus(c: Canvas, surfaces: Surfaces) -> None:
    """Between the tables above the nose; larger on one side."""
    between = np.minimum(surfaces.outer - 1.5, -surfaces.inside - 1.8)
    for side in (-1, 1):
        size = c.draw(0.6, 1.25)
        c.paint(Ellipsoid((side * 10 * size, 80, -16), (11 * size, 14, 15 * size)), {"air inside": 0}, within=between)


def _orbit(c: Canvas, face: np.ndarray, side: int) -> None:
    """A cone of fat in walls of bone, with the eye, four muscles and the optic nerve in its sheath of CSF."""
    apex, eye = (side * 13.0, 20.0, -31.0), (side * 32.0, 60.0, -37.0)
    c.paint(
        Rod((side * 32, 56, -37), apex, 19.5, 4), {"cortical bone": -1.6}, within=face, over=(*SOFT_TISSUES, "marrow")
    )
    c.paint(Rod((side * 32, 60, -37), apex, 18.5, 4), {"fat": 0}, within=face)
    for across, up in ((11, 0), (-11, 0), (0, 11), (0, -11)):
        end = (eye[0] + across, eye[1] + 1, eye[2] + up)
        c.paint(Rod(apex, end, 1.8, 1.6), {"muscle": 0}, within=face)
    c.paint(Rod(apex, (side * 30.5, 49, -37), 2.4), {"CSF": 0, "white matter": 0.9}, within=face)
    c.paint(Ellipsoid(eye, (12.3, 12.3, 12.3)), {"skin": -0.8, "vitreous": 0}, within=face)
    c.paint(Ellipsoid((eye[0], eye[1] + 8.6, eye[2]), (4.6, 2.2, 4.6)), {"lens": 0}, within=face)


def _spine(c: Canvas, face: np.ndarray) -> None:
    """Atlas, axis and the vertebrae below, with discs, arches, and the cord in its canal."""
    for number, z in enumerate(range(-76, -230, -18)):
        back = -20 - 0.06 * (-76 - z)
        body: Point = (0, back, z)
        wide, long = (5.5, 5.5) if number == 0 else (13, 9)
        if number > 0:
            c.paint(Ellipsoid((0, back, z + 9), (12, 9, 4)), {"cartilage": 0}, within=face)
        ring = Ellipsoid((0, back - 21, z), (19 if number else 22, 17, 7))
        c.paint(ring, {"cortical bone": 0, "marrow": 2}, within=face)
        c.paint(Ellipsoid(body, (wide, long, 8.5)), {"cortical bone": 0, "marrow": 1.6}, within=face)
        c.paint(Rod((0, back - 34, z), (0, back - 52, z - 8), 3.5), {"cortical bone": 0, "marrow": 1.6}, within=face)
        for side in (-1, 1):
            joint = Ellipsoid((side * 20, back - 10, z), (10, 8, 6.5))
            c.paint(joint, {"cortical bone": 0, "marrow": 1.8}, within=face)
    c.paint(Rod((0, -39, -58), (0, -52, -240), 8.5), {"fat": -1.5, "CSF": 0, "white matter": 3.2})


def _mirrored(point: Point, side: int) -> Point:
    return side * point[0], point[1], point[2]

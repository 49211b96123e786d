"""Brain: cortex folded around sulci, white matter, nuclei, ventricles, cerebellum, brain stem.

A sulcus is a sheet where a smooth random field s vanishes, as far as it reaches below the surface:

    distance to it   t = |s| / |grad s|          cortex   t < width + 2.7 mm          CSF   t < width

s is evaluated at a point moved towards the surface of its hemisphere, so that sulci reach into the depth.
Coordinates as in `cranium`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from medtrans.core.arithmetic import arctan2, exp, length, mean, power, sine_cosine
from medtrans.core.fields import normal
from medtrans.core.filters import gaussian_filter, interpolate
from medtrans.phantoms.canvas import LATTICE, Canvas
from medtrans.phantoms.cranium import Surfaces
from medtrans.phantoms.shapes import Ellipsoid, Point, Rod, Shape, bump, rounded_union

RIBBON = 2.7
"""Thickness of the cortex in mm."""
CORTEX = {"grey matter": -RIBBON, "CSF": 0.0}
"""Around a sulcus, by how deep one is in its CSF."""
BRAIN = ("white matter", "grey matter")
TENT = -23.0
"""Height in mm of the tentorium at the sides; it rises 20 mm to the middle."""
LEAVES = 15.0
"""Fissures of the cerebellum in a radian of its fan."""
WAVE = 20.0
"""Mm from one sulcus to the next but one, on the surface."""
STEEPNESS = 7.35
"""Mean slope of the field whose zeros are sulci, relative to its mean absolute value in WAVE mm."""


def paint_brain(c: Canvas, surfaces: Surfaces, atrophy: float = 0.0) -> np.ndarray:
    """Paint the brain into the cavity. Returns the depth in mm below the surface of the cerebrum, on the lattice.

    `atrophy` widens what holds CSF, see `make_head`.
    """
    whole, c = c, c.part(surfaces.inside > -3)
    inside = c.like(surfaces.inside, whole)
    age = c.draw(0, 1) + atrophy
    hull = inside - (0.9 + 1.6 * age + 0.3 * c.noise(30))
    above, cistern = _above_tentorium(c), _cistern(c)
    cerebrum = np.minimum(np.minimum(hull, above), -cistern)
    c.fill(cerebrum, {"grey matter": 0, "white matter": RIBBON})
    _fissures(c, cerebrum, age)
    _sulci(c, np.minimum(hull, above), age)
    _cerebellum(c, hull)
    _core(c)
    _ventricles(c, 0.75 + 0.6 * age)
    _stem(c, hull)
    _sinus(c, inside)
    deep = np.full(whole.x.shape, -9, np.float32)
    c.like(deep, whole)[...] = cerebrum
    return deep


def _above_tentorium(c: Canvas) -> np.ndarray:
    """Depth in mm above the tent over the cerebellum; in front of its edge, everything."""
    roof = TENT + 20 * bump(c.x / 30) * np.clip((c.y + 100) / 45, 0, 1)
    front = np.clip((c.y + 30) / 12, 0, 1) * 70
    return 0.8 * (c.z - roof + front)


def _cistern(c: Canvas) -> np.ndarray:
    """Depth in the water around the brain stem and above the pituitary."""
    around = c.depth(Rod((0, -20, -14), (0, -22, -60), 15, 16))
    return np.maximum(around, c.depth(Ellipsoid((0, 2, -22), (12, 12, 10))))


def _fissures(c: Canvas, cerebrum: np.ndarray, age: float) -> None:
    """Fissures: between the hemispheres down to the corpus callosum, and the Sylvian fissure with the insula."""
    middle = c.x + 0.8 * c.noise(25)
    callosum = np.maximum(c.depth(Ellipsoid((0, -6, 2), (300, 38, 25))), 0)
    width = 0.5 + 0.5 * age
    c.fill(
        (middle, callosum, np.minimum(cerebrum, 8 - np.abs(c.x))),
        {"grey matter": -RIBBON, "CSF": 0},
        over=BRAIN,
        combine=lambda x, k, near: np.where(near > -4, width - length(x, k), -9),
    )
    for side in (-1, 1):
        x = side * c.x
        slope = (c.z - 2 + 0.45 * c.y - 0.25 * (x - 38)) * 0.9 + 3.0 * c.noise(22)
        ends = np.maximum(np.maximum(37 - x, c.y - 30), np.maximum(-48 - c.y, 0))
        wide = 0.4 + 0.8 * age + np.float32(1.0) * bump((x - 40) / 12)
        c.fill(
            (slope, ends, wide, np.minimum(cerebrum, x - 24)),
            CORTEX,
            over=BRAIN,
            combine=lambda t, end, w, near: np.where(near > -4, w - length(t, end), -9),
        )
        patch = np.maximum(-c.depth(Ellipsoid((side * 38, -6, 2), (300, 25, 15))), 0)
        c.fill(
            (x - 38 - 0.04 * np.abs(c.y + 6), patch, np.minimum(14 - np.abs(x - 38), 6 - patch)),
            CORTEX,
            over=BRAIN,
            combine=lambda t, end, near: np.where(near > -9, 0.8 - length(t, end), -9),
        )


def _sulci(c: Canvas, surface: np.ndarray, age: float) -> None:
    """Sheets of CSF lined with cortex, ending 9 to 26 mm below the nearest surface."""
    sheet = _sheets(c)
    callosum = np.maximum(c.depth(Ellipsoid((0, -6, 2), (300, 38, 25))), 0)
    depth = np.minimum(surface, length(c.x, callosum))
    reach = np.clip(17 + 4.5 * c.noise(22), 9, 26)
    width = 0.1 + 0.3 * age
    c.fill(
        (sheet, depth - reach, depth),
        CORTEX,
        over=BRAIN,
        combine=lambda t, end, deep: (
            width + np.float32(0.6) * exp(-np.maximum(deep, 0) / 4) - length(t, np.maximum(end, 0))
        ),
    )


def _sheets(c: Canvas) -> np.ndarray:
    """Signed distance in mm, to first order, from the nearest sheet on the lattice."""
    side = np.where(c.x < 0, np.float32(-1), np.float32(1))
    centre, axes = (26.0, -16.0, 8.0), (46.0, 88.0, 64.0)
    parts = [(c.x * side - centre[0]) / axes[0], (c.y - centre[1]) / axes[1], (c.z - centre[2]) / axes[2]]
    stretch = power(np.maximum(length(*parts), 0.15), -0.6)
    places = [part * stretch * axis for part, axis in zip(parts, axes, strict=True)]
    grain = 2.5
    wave = WAVE * c.draw(0.92, 1.08)
    count = int(280 / grain)
    noise = normal(c.rng, (count, count, count))
    sd = wave / (2 * np.pi) * np.sqrt(2) / grain
    narrow, broad = (gaussian_filter(noise, [f * sd] * 3, border="wrap", truncate=3) for f in (0.9, 1.15))
    where = [(place + 140) / grain for place in (places[0] + side * 60, *places[1:])]
    s = interpolate(narrow - broad, where)
    slope = length(*np.gradient(s, LATTICE))
    usual = STEEPNESS / wave * mean(np.abs(narrow - broad))
    return np.asarray(s / (slope + np.float32(0.25 * usual)), np.float32)


def _core(c: Canvas) -> None:
    """Corpus callosum, internal capsule, thalamus, caudate, putamen, pallidum."""
    for start, end, radius in (
        ((0, 30, 2), (0, 26, 14), 4.5), ((0, 26, 14), (0, 8, 25), 3.6), ((0, 8, 25), (0, -18, 26), 3.2),
        ((0, -18, 26), (0, -34, 19), 3.6), ((0, -34, 19), (0, -40, 9), 5.5),
    ):  # fmt: skip
        for side in (-1, 1):
            c.paint(Rod(start, (side * 14, end[1], end[2] + 3), radius), {"white matter": 0}, over=(*BRAIN, "CSF"))
        c.paint(Rod(start, end, radius), {"white matter": 0}, over=(*BRAIN, "CSF"))
    for side in (-1, 1):
        c.paint(Ellipsoid((side * 20, -4, 4), (17, 36, 22)), {"white matter": 0}, over=("grey matter",))
        for centre, axes in (
            ((12, -14, 6), (9, 15, 9)),
            ((14, 18, 8), (5.5, 11, 9)),
            ((17, -4, 20), (3, 18, 3.5)),
            ((27, 4, 1), (5, 16, 11)),
            ((24, -20, -16), (5, 12, 5)),
        ):
            place = (side * centre[0], centre[1], centre[2])
            c.paint(Ellipsoid(place, axes), {"deep grey matter": 0}, over=BRAIN)
        c.paint(Ellipsoid((side * 19.5, 0, -1), (4, 8, 6)), {"white matter": -0.8, "deep grey matter": 0.6})


def _ventricles(c: Canvas, width: float) -> None:
    """Lateral ventricles with their three horns, third ventricle."""
    for side in (-1, 1):
        size = width * c.draw(0.9, 1.1)
        chain: list[tuple[Point, float]] = [
            ((15, 32, 4), 2.0), ((9, 22, 10), 4.6), ((7, 6, 16), 4.8), ((10, -16, 18), 4.6), ((19, -34, 14), 6.0),
            ((24, -40, 4), 6.0), ((31, -26, -10), 2.6), ((33, -8, -18), 2.2),
        ]  # fmt: skip
        occipital: tuple[Point, float] = ((23, -66, 6), 1.5)
        for (start, radius), (end, end_radius) in (*pairwise(chain), (chain[4], occipital)):
            rod = Rod((side * start[0], *start[1:]), (side * end[0], *end[1:]), radius * size, end_radius * size)
            c.paint(rod, {"CSF": 0}, over=(*BRAIN, "deep grey matter"))
    c.paint(Ellipsoid((0, -10, 0), (1.6 * width + 0.4, 15, 11)), {"CSF": 0})
    c.paint(Rod((0, 10, -10), (0, -26, -6), 1.5), {"CSF": 0}, over=BRAIN)


def _cerebellum(c: Canvas, hull: np.ndarray) -> None:
    """Leaves that fan out from the fourth ventricle: fissures lined with cortex, white branches between."""
    roof = TENT - 2 + 20 * bump(c.x / 30) * np.clip((c.y + 100) / 45, 0, 1)
    halves = rounded_union(
        [
            Ellipsoid((24, -60, -36), (36, 40, 29)).depth(np.abs(c.x), c.y, c.z),
            c.depth(Ellipsoid((0, -56, -28), (22, 34, 31))),
        ],
        8,
    )
    body = np.minimum(halves, np.minimum(hull, 0.8 * (roof - c.z)))
    c.fill(body, {"grey matter": 0}, over=(*BRAIN, "CSF"))
    back, up = -(c.y + 38), c.z + 36
    radius = length(back, up)
    phase = LEAVES * (arctan2(up, back) + 0.04 * c.noise(14))
    c.fill(
        (radius / LEAVES, *sine_cosine(phase), body),
        {"white matter": 0.0, "CSF": 8.0},
        over=("grey matter",),
        combine=_leaves,
    )


def _leaves(arc: np.ndarray, sine: np.ndarray, cosine: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Above 8 in a fissure, above 0 in the white of a branch or of the core."""
    turn = np.abs(arctan2(sine, cosine))
    fissure = np.where((body > 0) & (body < 14), 8.5 - arc * turn, -9)
    branch = np.minimum(0.9 - arc * (np.pi - turn), body - 2.2)
    return np.asarray(np.maximum(fissure, np.minimum(np.maximum(branch, body - 17), 7)), np.float32)


def _stem(c: Canvas, hull: np.ndarray) -> None:
    """Midbrain, pons, medulla; aqueduct and fourth ventricle."""
    parts: list[tuple[Shape, str]] = [
        (Rod((0, -20, -4), (0, -24, -20), 13, 13), "white matter"),
        (Ellipsoid((0, -23, -32), (17, 13, 14)), "white matter"),
        (Rod((0, -28, -42), (0, -39, -66), 9.5, 6), "white matter"),
    ]
    for shape, tissue in parts:
        c.paint(shape, {tissue: 0}, over=(*BRAIN, "CSF"), within=hull + 1)
    for side in (-1, 1):
        c.paint(Rod((side * 8, -24, -32), (side * 24, -52, -38), 6), {"white matter": 0}, over=(*BRAIN, "CSF"))
        c.paint(Ellipsoid((side * 5, -18, -12), (3, 4, 3)), {"deep grey matter": 0})
    c.paint(Rod((0, -28, -8), (0, -38, -30), 0.9, 2.0), {"CSF": 0})
    c.paint(Ellipsoid((0, -42, -35), (6.5, 4.5, 10)), {"CSF": 0})


def _sinus(c: Canvas, inside: np.ndarray) -> None:
    """The superior sagittal sinus under the vault, the transverse ones beside it."""
    along = np.minimum(4.2 - 0.6 * inside - np.abs(c.x), inside + 1.0)
    c.fill(np.minimum(along, np.maximum(c.z - 20, -60 - c.y)), {"blood": 0}, over=("CSF", *BRAIN))
    low = np.minimum(3.2 - length(c.z + 22, np.maximum(inside - 3, 0)), np.minimum(inside + 0.5, -50 - c.y))
    c.fill(low, {"blood": 0}, over=("CSF", *BRAIN))

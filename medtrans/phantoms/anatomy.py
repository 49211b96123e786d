"""A head made from a seed: skin, fat and muscle, skull with diploë and sinuses, folded cortex, ventricles, eyes.

Shapes are level sets of simple functions in millimetres (x to the right, y to the front, z to the top, the origin in
the middle of the brain), bent by smooth random fields so that no two heads are alike. They are drawn on a grid
`factor` times finer than the voxels; `contrasts` averages it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from medtrans.core.volume import Volume
from medtrans.phantoms.fields import smooth_field
from medtrans.phantoms.tissues import NUMBER

FACTOR = 2


@dataclass(frozen=True)
class Lesion:
    """A ball of `diameter` mm; `centre` in mm from the middle of the brain, drawn in white matter if not given."""

    diameter: float
    centre: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Head:
    """Tissue numbers on the fine grid, and the voxel grid they will be averaged to."""

    fine: np.ndarray
    factor: int
    grid: Volume
    lesions: tuple[Lesion, ...] = ()
    """With their centres."""
    body: np.ndarray = field(init=False)
    """True where at least half of a voxel is not air outside."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", self.fraction("air outside") < 0.5)

    def fraction(self, tissue: str) -> np.ndarray:
        """The share of each voxel that is `tissue`, 0 to 1."""
        f, (i, j, k) = self.factor, self.grid.shape
        share = (self.fine == NUMBER[tissue]).reshape(i, f, j, f, k, f).mean(axis=(1, 3, 5), dtype=np.float32)
        return np.asarray(share)

    @property
    def mask(self) -> Volume:
        """The body, air inside it included: uint8."""
        return self.grid.like(self.body.astype(np.uint8))

    @property
    def lesion_mask(self) -> Volume:
        """Where at least half of a voxel is lesion: uint8."""
        return self.grid.like((self.fraction("lesion") >= 0.5).astype(np.uint8))


def make_head(
    seed: int,
    *,
    shape: tuple[int, int, int] = (128, 144, 128),
    spacing: float = 1.5,
    lesions: Sequence[Lesion] = (),
) -> Head:
    """The head that `seed` stands for, on a grid of `shape` voxels of `spacing` mm, in RAS+."""
    dice = np.random.default_rng([seed, 0x4EAD])
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(shape) - 1) / 2
    canvas = _Canvas(dice, tuple(FACTOR * n for n in shape), spacing / FACTOR)
    _soft_tissue_and_skull(canvas)
    _face_and_neck(canvas)
    _brain(canvas)
    _eyes(canvas)
    placed = tuple(_lesion(canvas, lesion) for lesion in lesions)
    grid = Volume(np.broadcast_to(np.uint8(0), (1, *shape)), affine)
    return Head(canvas.labels, FACTOR, grid, placed)


MARGIN = 16.0
"""Millimetres by which bending and size may move a shape; what lies farther away is not looked at."""
LIFT = 22.0
"""Millimetres: the brain lies in the upper part of the field of view, face and neck below it."""
SKULL = (70.0, 88.0, 68.0)
"""Half axes of the cavity of the skull in mm."""


class _Canvas:
    """Labels being painted, with the bent coordinates x, y, z and `inside`, the depth in mm below the skull."""

    def __init__(self, dice: np.random.Generator, shape: tuple[int, ...], step: float) -> None:
        self.dice, self.step, self.shape = dice, step, shape
        self.axes = [(np.arange(n, dtype=np.float32) - (n - 1) / 2) * step for n in shape]
        self.axes[2] = self.axes[2] - LIFT
        size = np.exp(0.04 * dice.standard_normal(3)).astype(np.float32)
        straight = np.meshgrid(*self.axes, indexing="ij", sparse=True)
        self.x, self.y, self.z = (
            along / size[i] + 3.0 * smooth_field(dice, shape, 60 / step) for i, along in enumerate(straight)
        )
        self.labels = np.zeros(shape, np.uint8)
        base = np.clip(-30 + 0.5 * (self.y - 5), -58, -30)
        self.inside = np.minimum(self.depth((0, 0, 0), SKULL), 0.8 * (self.z - base))

    def near(self, centre: Sequence[float], reach: Sequence[float]) -> _Canvas:
        """A view of the part that a shape at `centre`, `reach` mm wide to each side, can touch."""
        box = tuple(
            slice(*np.searchsorted(axis, (middle - wide - MARGIN, middle + wide + MARGIN)))
            for axis, middle, wide in zip(self.axes, centre, reach, strict=True)
        )
        part = object.__new__(_Canvas)
        part.dice, part.step = self.dice, self.step
        part.x, part.y, part.z, part.inside, part.labels = (
            whole[box] for whole in (self.x, self.y, self.z, self.inside, self.labels)
        )
        part.shape = part.labels.shape
        return part

    def noise(self, millimetres: float) -> np.ndarray:
        return smooth_field(self.dice, self.shape, millimetres / self.step)

    def fill(self, where: np.ndarray, tissue: str) -> None:
        self.labels[where] = NUMBER[tissue]

    def depth(self, centre: Sequence[float], axes: Sequence[float]) -> np.ndarray:
        """About how many mm inside the surface of an ellipsoid; negative outside."""
        x, y, z = (
            (along - middle) / axis for along, middle, axis in zip((self.x, self.y, self.z), centre, axes, strict=True)
        )
        return np.asarray((1 - np.sqrt(x * x + y * y + z * z)) * np.float32(np.mean(axes)), np.float32)

    def ellipsoid(
        self, centre: Sequence[float], axes: Sequence[float], layers: dict[str, float], within: str = ""
    ) -> None:
        """Paint nested layers, tissue → how many mm below the surface it starts; only over what `within` names:
        "face" (any tissue outside the skull) or "" (anything)."""
        part = self.near(centre, axes)
        depth = part.depth(centre, axes)
        free = (part.inside < -5) & (part.labels > 0) if within == "face" else np.True_
        for tissue, start in layers.items():
            part.fill((depth > start) & free, tissue)


def _soft_tissue_and_skull(c: _Canvas) -> None:
    """From outside in: skin, fat, muscle at the temples, outer table, diploë, inner table, CSF."""
    scalp = 6.0 + 1.2 * c.noise(40)
    thickness = np.maximum(6.5 + 1.2 * c.noise(30), 4)
    outer = c.inside + thickness
    c.fill(outer > -scalp, "skin")
    c.fill(outer > -scalp + 1.8, "fat")
    c.fill((outer > -scalp + 3.5) & (np.abs(c.x) > 50) & (c.z < 15) & (np.abs(c.y) < 50), "muscle")
    c.fill(outer > 0, "cortical bone")
    c.fill((outer > 1.7) & (c.inside < -1.9) & (thickness > 5), "marrow")
    c.fill(c.inside > 0, "CSF")
    part = c.near((0, 88, -6), (19, 9, 11))
    part.fill((part.depth((0, 86, -6), (19, 9, 11)) > 0) & (part.inside < -1.5) & (part.inside > -9), "air inside")


def _face_and_neck(c: _Canvas) -> None:
    """Below the skull: a face with jaws, sinuses and airway, and a neck with a vertebral column."""
    face = np.maximum(c.depth((0, 40, -62), (60, 54, 66)), c.depth((0, -18, -90), (58, 56, 92)))
    free = (c.labels == 0) | ((c.labels < NUMBER["cortical bone"]) & (c.inside < -5))
    mix = c.noise(14)
    c.fill((face > 0) & (c.labels == 0), "skin")
    c.fill((face > 1.8) & free, "fat")
    c.fill((face > 5) & free & (mix > -0.4), "muscle")
    c.ellipsoid((0, 52, -60), (44, 36, 27), {"cortical bone": 0, "marrow": 2.2}, "face")
    c.ellipsoid((0, 36, -66), (30, 34, 16), {"muscle": 0}, "face")
    for side in (-1, 1):
        c.ellipsoid(
            (side * 26, 58, -46), (13, 15, 14), {"cortical bone": -1.5, "mucosa": -0.6, "air inside": 0.6}, "face"
        )
        _mastoid(c, side)
    c.ellipsoid((0, 66, -50), (10, 30, 20), {"mucosa": -1.5, "air inside": 1.0}, "face")
    c.ellipsoid((0, 66, -50), (1.2, 26, 18), {"mucosa": 0}, "face")
    c.ellipsoid((0, 16, -95), (9, 8, 70), {"mucosa": -1.5, "air inside": 0}, "face")
    spine = c.near((0, -16, -105), (19, 17, 60))
    depth = np.minimum(spine.depth((0, -16, -105), (20, 18, 400)), -62 - spine.z)
    bone = (np.mod(spine.z, 18.0) < 14) & (spine.inside < -5) & (spine.labels > 0)
    spine.fill((depth > 0) & bone, "cortical bone")
    spine.fill((depth > 2) & bone, "marrow")


def _mastoid(c: _Canvas, side: int) -> None:
    """Bone behind the ear, full of cells of air."""
    part = c.near((side * 56, -22, -46), (13, 17, 18))
    depth = part.depth((side * 56, -22, -46), (13, 17, 18))
    free = (part.inside < -1.5) & (part.labels > 0)
    part.fill((depth > 0) & free, "cortical bone")
    part.fill((depth > 2) & free & (part.noise(5) > 0.2), "air inside")


def _brain(c: _Canvas) -> None:
    """Cortex folded along the sheets where a smooth field vanishes, white matter, nuclei, ventricles, hindbrain."""
    depth = c.inside - (2.2 + 0.6 * c.noise(25))
    brain = depth > 0
    folds = np.abs(c.noise(9)) * 7.0
    """About the distance in mm to the nearest sulcus."""
    reach = depth < 16 + 3 * c.noise(20)
    c.fill(brain, "white matter")
    c.fill(brain & ((depth < 3.0) | (reach & (folds < 3.2))), "grey matter")
    c.fill(brain & reach & (folds < 0.7), "CSF")
    c.fill(brain & (np.abs(c.x) < 1.2) & ((c.z > 22) | (np.abs(c.y) > 48)), "CSF")
    for side in (-1, 1):
        for (x, y, z), axes in (((13, -8, 0), (8, 14, 9)), ((24, 6, 1), (6, 16, 10)), ((12, 18, 8), (5, 12, 7))):
            c.ellipsoid((side * x, y, z), axes, {"deep grey matter": 0})
        width = float(np.exp(0.25 * c.dice.standard_normal()))
        c.ellipsoid((side * 9, 4, 14), (5 * width, 30, 8), {"CSF": 0})
        c.ellipsoid((side * 20, -34, 4), (5 * width, 16, 9), {"CSF": 0})
    c.ellipsoid((0, -4, 0), (2.5, 14, 10), {"CSF": 0})
    _hindbrain(c)


def _hindbrain(c: _Canvas) -> None:
    """Cerebellum with its leaves, brain stem through the foramen magnum, spinal cord."""
    part = c.near((0, -48, -38), (48, 30, 20))
    depth = np.minimum(part.depth((0, -48, -38), (48, 32, 20)), part.inside - 1.5)
    leaves = np.mod(part.z + 2 * part.noise(20), 5.0)
    part.fill((depth > -1.5) & (part.inside > 0), "CSF")
    part.fill(depth > 0, "grey matter")
    part.fill((depth > 9) | ((leaves < 1.6) & (depth > 2.5)), "white matter")
    stem = c.near((0, -20, -55), (16, 16, 40))
    tube = stem.depth((0, -20, -55), (16, 15, 400))
    stem.fill((tube > 0) & (stem.z < -12) & (stem.inside > -12), "CSF")
    stem.fill((tube > 3) & (stem.z < -12) & (stem.inside > -12), "white matter")
    cord = c.near((0, -20, -105), (9, 9, 70))
    tube = cord.depth((0, -20, -105), (8, 8, 400))
    below = (cord.inside <= -8) & (cord.labels > 0)
    cord.fill((tube > 0) & below, "CSF")
    cord.fill((tube > 3) & below, "white matter")


def _eyes(c: _Canvas) -> None:
    """Balls of vitreous with a lens and a muscle, in fat, in an orbit of bone."""
    for side in (-1, 1):
        c.ellipsoid((side * 29, 62, -24), (19, 24, 16), {"cortical bone": -1.5, "fat": 0}, "face")
        c.ellipsoid((side * 27, 54, -24), (4, 18, 4), {"muscle": 0}, "face")
        c.ellipsoid((side * 31, 74, -24), (12, 12, 12), {"skin": -1.2, "vitreous": 0})
        c.ellipsoid((side * 31, 82, -24), (4.5, 2.2, 4.5), {"lens": 0})


def _lesion(c: _Canvas, lesion: Lesion) -> Lesion:
    """Painted over whatever is there: a ball in the unbent space, so that its diameter is what was asked."""
    centre = lesion.centre
    if centre is None:
        places = np.flatnonzero(c.labels == NUMBER["white matter"])
        index = np.unravel_index(places[c.dice.integers(len(places))], c.shape)
        x, y, z = (float(axis[i]) for axis, i in zip(c.axes, index, strict=True))
        centre = (x, y, z)
    x2, y2, z2 = ((axis - middle) ** 2 for axis, middle in zip(c.axes, centre, strict=True))
    c.fill(x2[:, None, None] + y2[None, :, None] + z2[None, None, :] <= (lesion.diameter / 2) ** 2, "lesion")
    return Lesion(lesion.diameter, centre)

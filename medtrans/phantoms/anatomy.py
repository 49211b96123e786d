"""Synthetic head: skin, fat and muscle, skull with diploë and sinuses, folded cortex, ventricles, eyes.

The seed sets the size of the head and the smooth random fields that deform a template. Tissues are labelled on a grid
`factor` times finer than the voxels, and `contrasts` averages it. The origin of the world is that of the template, near
the anterior commissure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from medtrans.core.arithmetic import exp, total
from medtrans.core.errors import UsageError
from medtrans.core.fields import normal
from medtrans.core.filters import gaussian_filter
from medtrans.core.volume import Volume
from medtrans.phantoms.brain import paint_brain
from medtrans.phantoms.canvas import LATTICE, Canvas, blank
from medtrans.phantoms.cranium import paint_cranium
from medtrans.phantoms.face import paint_face
from medtrans.phantoms.teeth import FILLABLE
from medtrans.phantoms.tissues import NUMBER, TISSUES

SIZE = 0.92
"""Mean size of a head relative to the template, which is as large as that of MNI."""
SOFTNESS = 0.45
"""Standard deviation in voxels of the Gaussian filter for labels as coarse as the voxels."""
CENTRE = (0.0, -6.0, -8.0)
"""Centre of the field of view in mm: 192 mm reach from skin to skin, and down to the mouth."""
CEREBRUM = 80
"""Mm from the origin within which a place for a lesion is searched for."""


@dataclass(frozen=True)
class Lesion:
    """Spherical lesion of `diameter` mm; without a `centre` in mm (RAS) it lies at a random place in the cerebrum."""

    diameter: float
    centre: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Head:
    """Tissue numbers on the fine grid, and the voxel grid they will be averaged to."""

    fine: np.ndarray
    factor: tuple[int, int, int]
    """Number of fine voxels in a voxel along each axis."""
    grid: Volume
    lesions: tuple[Lesion, ...] = ()
    """Each with its centre."""
    body: np.ndarray = field(init=False)
    """True where at least half of a voxel is not air outside."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", self.fraction("air outside") < 0.5)

    def averaged(self, table: np.ndarray) -> np.ndarray:
        """Mean over each voxel of a quantity that `table` gives for every tissue number: float32.

        Along axes with labels as coarse as the voxels they are filtered with a Gaussian, which stands for the partial
        volume of a scanner.
        """
        table = np.asarray(table, np.float32)
        a, b, c = self.factor
        out = np.zeros(self.grid.shape, np.float32)
        for i, j, k in np.ndindex(a, b, c):
            out += table[self.fine[i::a, j::b, k::c]]
        out /= np.float32(a * b * c)
        soft = [SOFTNESS if fine == 1 else 0.0 for fine in self.factor]
        return gaussian_filter(out, soft) if any(soft) else out

    def fraction(self, tissue: str) -> np.ndarray:
        """Volume fraction of `tissue` in each voxel, 0 to 1."""
        return self.averaged(np.arange(len(TISSUES)) == NUMBER[tissue])

    @cached_property
    def tissues(self) -> Volume:
        """Tissue number with the largest volume fraction in each voxel, the lower of equals: uint8."""
        counts = np.zeros((2, *self.grid.shape), np.float32)
        best = np.zeros(self.grid.shape, np.uint8)
        for name, number in NUMBER.items():
            counts[1] = self.fraction(name)
            more = counts[1] > counts[0]
            best[more], counts[0][more] = number, counts[1][more]
        return self.grid.like(best)

    @property
    def mask(self) -> Volume:
        """Body mask, which includes air inside the body: uint8."""
        return self.grid.like(self.body.astype(np.uint8))

    @property
    def lesion_mask(self) -> Volume:
        """Lesion mask: the voxels with the largest fraction of lesion, as many as have its volume: uint8."""
        share = self.fraction("lesion")
        mask = np.zeros(share.shape, np.uint8)
        there = np.flatnonzero(share)
        fullest = there[np.argsort(-share.flat[there], kind="stable")]
        mask.flat[fullest[: round(total(share))]] = 1
        return self.grid.like(mask)


def make_head(
    seed: int,
    *,
    shape: tuple[int, int, int] = (128, 144, 128),
    spacing: float | Sequence[float] = 1.5,
    lesions: Sequence[Lesion] = (),
    fillings: int = 0,
    atrophy: float = 0.0,
) -> Head:
    """Synthetic head on a grid of `shape` voxels of `spacing` mm (of all axes or of each), in RAS+.

    The same seed gives the same anatomy at another shape or spacing, with other lesions, or with `fillings` of metal in
    its teeth (0 to 16), and the same bits on every processor. `atrophy` makes its ventricles and sulci wider: 1 is the
    whole difference between heads of narrow and of wide CSF.

    Raises UsageError for a lesion without size or outside the field of view, and for too many fillings.
    """
    if not 0 <= fillings <= len(FILLABLE):
        raise UsageError("fillings", f"are {fillings}", f"give 0 to {len(FILLABLE)}")
    rng = np.random.default_rng([seed, 0x4EAD])
    voxel = [float(mm) for mm in (spacing if isinstance(spacing, Sequence) else (spacing,) * 3)]
    i, j, k = (fineness(mm) for mm in voxel)
    steps = [mm / f for mm, f in zip(voxel, (i, j, k), strict=True)]
    centre = [middle - mm * (side - 1) / 2 for middle, mm, side in zip(CENTRE, voxel, shape, strict=True)]
    first = [middle - (mm - step) / 2 for middle, mm, step in zip(centre, voxel, steps, strict=True)]
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = centre
    size = SIZE * exp(0.03 * normal(rng, (3,)).astype(np.float64))
    canvas = blank(rng, [f * side for f, side in zip((i, j, k), shape, strict=True)], steps, first, size.tolist())
    surfaces = paint_cranium(canvas)
    paint_face(canvas, surfaces, fillings, np.random.default_rng([seed, 0xF111]))
    depth = paint_brain(canvas, surfaces, atrophy)
    axes = [start + step * np.arange(side) for start, step, side in zip(first, steps, canvas.labels.shape, strict=True)]
    placed = tuple(_lesion(canvas, axes, lesion, depth) for lesion in lesions)
    return Head(canvas.labels, (i, j, k), Volume(np.broadcast_to(np.uint8(0), (1, *shape)), affine), placed)


def fineness(spacing: float) -> int:
    """Number of fine voxels along a voxel: two at least, so that they are 1.2 mm wide at most."""
    return max(2, round(spacing / 1.1))


def _lesion(canvas: Canvas, axes: list[np.ndarray], lesion: Lesion, depth: np.ndarray) -> Lesion:
    """Label a lesion, in place: a ball that is not deformed, so that its diameter is exact. `axes` in mm."""
    if not lesion.diameter > 0:
        raise UsageError("lesion", f"has a diameter of {lesion.diameter} mm", "give more than 0")
    centre = lesion.centre or _somewhere_deep(canvas, axes, lesion.diameter / 2, depth)
    box = tuple(
        slice(*np.searchsorted(axis, (m - lesion.diameter / 2, m + lesion.diameter / 2 + 1e-9)))
        for axis, m in zip(axes, centre, strict=True)
    )
    x, y, z = np.meshgrid(
        *(axis[s] - m for axis, s, m in zip(axes, box, centre, strict=True)), indexing="ij", sparse=True
    )
    ball = x * x + y * y + z * z <= lesion.diameter * lesion.diameter / 4
    if not ball.any():
        raise UsageError("lesion", f"at {centre} mm lies outside the field of view", "give RAS millimetres")
    canvas.labels[box][ball] = NUMBER["lesion"]
    return Lesion(lesion.diameter, centre)


def _somewhere_deep(
    canvas: Canvas, axes: list[np.ndarray], radius: float, depth: np.ndarray
) -> tuple[float, float, float]:
    """Random point of the cerebrum in mm, at least `radius` + 3 mm below its surface, or else at 90 % of its depth.

    `depth` is given at the points of the lattice.
    """
    points = canvas.rng.integers(-CEREBRUM, CEREBRUM + 1, (4096, 3)).astype(np.float64)
    low, high = (np.array([axis[end] for axis in axes]) for end in (0, -1))
    points = points[((points >= low) & (points <= high)).all(axis=1)]
    index = np.rint(points / LATTICE - 0.5).astype(np.int64) - np.array(canvas.corner)
    deep = np.flatnonzero(depth[tuple(index.T)] > min(radius + 3, 0.9 * float(depth.max())))
    if len(deep):
        x, y, z = points[deep[0]].tolist()
    else:
        deepest = np.array(np.unravel_index(depth.argmax(), depth.shape))
        x, y, z = (LATTICE * (deepest + np.array(canvas.corner) + 0.5)).tolist()
    return x, y, z

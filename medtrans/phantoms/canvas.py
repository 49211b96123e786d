"""Labels of tissues on a fine grid, from depths on a lattice that is fixed in mm.

Shapes are deformed smoothly, so their depths need few points; labels have sharp borders, so they need many. Depths are
interpolated linearly from the lattice to the fine grid near a border, and compared with thresholds there. Smoother
depths come from a `sparse` lattice of half the density again.

The points of the lattice lie at the same millimetres of the world for every grid, and so do the knots of random fields:
the tissue at a point depends on the seed alone, not on the voxels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medtrans.core.arithmetic import uniform
from medtrans.core.fields import random_field
from medtrans.phantoms.shapes import Point, Shape
from medtrans.phantoms.tissues import NUMBER, TISSUES

BEND = 2.5
"""Standard deviation in mm of the displacement of a point of the template."""
MARGIN = 4 * BEND
"""Mm around the box of a shape that its deformed copy may reach."""
LATTICE = 2.2
"""Mm between the points of a lattice, which lie at odd multiples of half of it."""
CHUNK = 1 << 19
"""Fine voxels painted at a time: few enough for the cache of a processor."""

Box = tuple[slice, slice, slice]
Combine = Callable[..., np.ndarray]


@dataclass(frozen=True, eq=False)
class Between:
    """Where the fine voxels along one axis lie between the points of the lattice."""

    below: np.ndarray
    """Number of the last point that is not beyond the voxel."""
    share: np.ndarray
    """Way from there to the next point, 0 to 1: float32."""

    def part(self, points: slice) -> tuple[slice, Between]:
        """The voxels that lie between these points, and where they lie between them."""
        first, last = np.searchsorted(self.below, (points.start, points.stop - 1)).tolist()
        voxels = slice(first, last)
        return voxels, Between(self.below[voxels] - points.start, self.share[voxels])


@dataclass(frozen=True, eq=False)
class Lattice:
    """Regular grid of points with their deformed coordinates x, y, z in mm of the template."""

    rng: np.random.Generator
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    axes: tuple[np.ndarray, ...]
    """Coordinates of the points before the deformation."""

    def depth(self, shape: Shape) -> np.ndarray:
        return shape.depth(self.x, self.y, self.z)

    def noise(self, millimetres: float) -> np.ndarray:
        """Smooth random field of mean 0 and standard deviation 1, with bumps of about that width."""
        return random_field(self.rng, self.axes, millimetres)

    def draw(self, low: float, high: float) -> float:
        return uniform(self.rng, low, high)


@dataclass(frozen=True, eq=False)
class Canvas(Lattice):
    """Lattice with labels between its points, and a sparser lattice."""

    labels: np.ndarray
    between: tuple[Between, ...]
    """Where the labels lie, along each axis."""
    corner: tuple[int, ...]
    """Number of the first point: it lies at LATTICE * (corner + 0.5) mm of the world."""
    sparse: Lattice

    def part(self, where: np.ndarray) -> Canvas:
        """Part of the canvas around the lattice points `where`: a view of the same labels."""
        box = _around(where)
        assert box is not None
        x, y, z = (along[box] for along in (self.x, self.y, self.z))
        axes = tuple(axis[side] for axis, side in zip(self.axes, box, strict=True))
        fine, between = self._fine(box)
        corner = tuple(first + side.start for first, side in zip(self.corner, box, strict=True))
        return replace(self, x=x, y=y, z=z, axes=axes, labels=self.labels[fine], between=between, corner=corner)

    def like(self, field: np.ndarray, whole: Canvas) -> np.ndarray:
        """Part of a field of the `whole` canvas that covers this one."""
        first = [mine - of_whole for mine, of_whole in zip(self.corner, whole.corner, strict=True)]
        return field[tuple(slice(start, start + side) for start, side in zip(first, self.x.shape, strict=True))]

    def dense(self, field: np.ndarray) -> np.ndarray:
        """Linear interpolation from the sparse lattice to this one."""
        return _refined(field)

    def paint(
        self, shape: Shape, layers: Mapping[str, float], *, over: Sequence[str] = (), within: np.ndarray | None = None
    ) -> None:
        """Paint nested layers, tissue → the depth in mm below the surface of `shape` at which it starts.

        Only over the tissues `over` (none: any), and where `within`, a depth on the lattice, is positive.
        """
        low, high = shape.box()
        box = self._box(low, high, MARGIN - min(0.0, *layers.values()))
        depth = shape.depth(self.x[box], self.y[box], self.z[box])
        inner = _around(depth > min(layers.values()))
        if inner is None:
            return
        box = _within(box, inner)
        limits = () if within is None else (within[box],)
        self._fill((depth[inner], *limits), box, layers, over, _where_positive if limits else None)

    def fill(
        self,
        fields: np.ndarray | Sequence[np.ndarray],
        layers: Mapping[str, float],
        *,
        over: Sequence[str] = (),
        combine: Combine | None = None,
    ) -> None:
        """Paint nested layers by depths on the whole lattice: their minimum, or the result of `combine`.

        Nothing is painted where the last of them is below the least start of a layer.
        """
        fields = (fields,) if isinstance(fields, np.ndarray) else tuple(fields)
        box = _around(fields[-1] > min(layers.values()))
        if box is not None:
            self._fill(tuple(field[box] for field in fields), box, layers, over, combine)

    def _box(self, low: Point, high: Point, reach: float) -> Box:
        i, j, k = (
            slice(*np.searchsorted(axis, (a - reach, b + reach)).tolist())
            for axis, a, b in zip(self.axes, low, high, strict=True)
        )
        return i, j, k

    def _fill(
        self,
        fields: Sequence[np.ndarray],
        box: Box,
        layers: Mapping[str, float],
        over: Sequence[str],
        combine: Combine | None,
    ) -> None:
        """Paint inside `box` by `fields` on its lattice points, a few rows of fine voxels at a time."""
        fine, between = self._fine(box)
        labels = self.labels[fine]
        if not labels.size:
            return
        allowed = np.isin(np.arange(len(TISSUES)), [NUMBER[tissue] for tissue in over])
        least = min(layers.values())
        rows = max(1, CHUNK // labels[0].size)
        for row in range(0, len(labels), rows):
            along = Between(between[0].below[row : row + rows], between[0].share[row : row + rows])
            smooth = [_interpolated(field, (along, *between[1:])) for field in fields]
            depth = combine(*smooth) if combine else np.minimum.reduce(smooth)
            view = labels[row : row + rows]
            if depth.max() <= least:
                continue
            free = allowed[view] if over else True
            for tissue, start in layers.items():
                np.copyto(view, NUMBER[tissue], where=(depth > start) & free)

    def _fine(self, box: Box) -> tuple[Box, tuple[Between, ...]]:
        """The fine voxels between the lattice points of `box`, and where they lie between them."""
        (i, a), (j, b), (k, c) = (along.part(side) for along, side in zip(self.between, box, strict=True))
        return (i, j, k), (a, b, c)


def blank(
    rng: np.random.Generator,
    shape: Sequence[int],
    steps: Sequence[float],
    origin: Sequence[float],
    scale: Sequence[float],
) -> Canvas:
    """Canvas full of air, of `shape` fine voxels `steps` mm apart along each axis, the first at `origin` mm.

    The template is scaled by `scale`, the size of the subject, and then deformed.
    """
    places = [
        (first + step * np.arange(side)) / LATTICE - 0.5 for first, step, side in zip(origin, steps, shape, strict=True)
    ]
    below = [np.floor(place).astype(np.int64) for place in places]
    sparse_ranges = [np.arange((low[0] - 1) // 2, (low[-1] + 3) // 2 + 2) for low in below]
    ranges = [np.arange(2 * sparse[1] - 1, 2 * sparse[-2] + 1) for sparse in sparse_ranges]
    sparse_axes, axes = (
        tuple((mm / size).astype(np.float32) for mm, size in zip(points, scale, strict=True))
        for points in ([2 * LATTICE * m for m in sparse_ranges], [LATTICE * (n + 0.5) for n in ranges])
    )
    straight = np.meshgrid(*sparse_axes, indexing="ij", sparse=True)
    bent = [along + np.float32(BEND) * random_field(rng, sparse_axes, 60) for along in straight]
    sparse = Lattice(rng, bent[0], bent[1], bent[2], sparse_axes)
    x, y, z = (_refined(along) for along in bent)
    between = tuple(
        Between(low - numbers[0], (place - low).astype(np.float32))
        for low, place, numbers in zip(below, places, ranges, strict=True)
    )
    corner = tuple(int(numbers[0]) for numbers in ranges)
    return Canvas(rng, x, y, z, axes, np.zeros(shape, np.uint8), between, corner, sparse)


def _interpolated(field: np.ndarray, between: Sequence[Between]) -> np.ndarray:
    """Linear interpolation from lattice points to the voxels between them."""
    first, last = int(between[0].below[0]), int(between[0].below[-1]) + 2
    field = field[first:last]
    for axis in (2, 1):
        low, share = between[axis].below, between[axis].share
        start, end = int(low[0]), int(low[-1]) + 2
        field = field[(slice(None),) * axis + (slice(start, end),)]
        fine = np.diff(field, axis=axis).take(low - start, axis)
        fine *= share.reshape(-1, *[1] * (2 - axis))
        fine += field.take(low - start, axis)
        field = fine
    rises = np.diff(field, axis=0)
    out = np.empty((len(between[0].below), *field.shape[1:]), np.float32)
    for row, number, share in zip(out, (between[0].below - first).tolist(), between[0].share, strict=True):
        np.multiply(rises[number], share, out=row)
        row += field[number]
    return out


def _refined(field: np.ndarray) -> np.ndarray:
    """Linear interpolation to twice the density: two points for each inner one, a quarter of the spacing beside it."""
    for axis in (2, 1, 0):
        before, middle, after = (
            field[(slice(None),) * axis + (slice(first, field.shape[axis] - 2 + first),)] for first in range(3)
        )
        shape = list(middle.shape)
        shape[axis] *= 2
        fine = np.empty(shape, np.float32)
        for parity, other in enumerate((before, after)):
            half = fine[(slice(None),) * axis + (slice(parity, None, 2),)]
            np.subtract(other, middle, out=half)
            half *= 0.25
            half += middle
        field = fine
    return field


def _around(mask: np.ndarray) -> Box | None:
    """Smallest box of lattice points that holds `mask` and two neighbours on each side."""
    sides = []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        if not len(found) or mask.shape[axis] < 3:
            return None
        sides.append(slice(max(int(found[0]) - 2, 0), min(int(found[-1]) + 3, mask.shape[axis])))
    return sides[0], sides[1], sides[2]


def _within(box: Box, inner: Box) -> Box:
    i, j, k = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    return i, j, k


def _where_positive(depth: np.ndarray, within: np.ndarray) -> np.ndarray:
    """The depth where `within` is positive, else outside everything."""
    return np.where(within > 0, depth, np.float32(-1e9))

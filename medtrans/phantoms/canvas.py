"""Labels of tissues on a fine grid, from depths on a lattice of half its density.

Shapes are deformed smoothly, so their depths need few points; labels have sharp borders, so they need many. Depths are
interpolated linearly from the lattice to the fine grid near a border, and compared with thresholds there. Smoother
depths come from a `sparse` lattice of half the density again.

Random fields have their knots at fixed millimetres of the template, so that a seed gives the same anatomy whatever the
grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medtrans.core.fields import normal, spline_field
from medtrans.phantoms.arithmetic import uniform
from medtrans.phantoms.shapes import Point, Shape
from medtrans.phantoms.tissues import NUMBER, TISSUES

BEND = 2.5
"""Standard deviation in mm of the displacement of a point of the template."""
MARGIN = 4 * BEND
"""Mm around the box of a shape that its deformed copy may reach."""
EXTENT = 400.0
"""Mm of the template after which random fields repeat: more than a head and neck in any direction."""
CHUNK = 1 << 19
"""Fine voxels painted at a time: few enough for the cache of a processor."""

Box = tuple[slice, slice, slice]
Combine = Callable[..., np.ndarray]


@dataclass(frozen=True, eq=False)
class Lattice:
    """Regular grid of points with their deformed coordinates x, y, z in mm of the template; `spacing` in mm."""

    rng: np.random.Generator
    spacing: float
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
    """Lattice with labels between its points, two for each inner point along each axis, and a sparser lattice."""

    labels: np.ndarray
    sparse: Lattice

    def part(self, where: np.ndarray) -> Canvas:
        """Part of the canvas around the lattice points `where`: a view of the same labels."""
        box = _around(where)
        assert box is not None
        x, y, z = (along[box] for along in (self.x, self.y, self.z))
        axes = tuple(axis[side] for axis, side in zip(self.axes, box, strict=True))
        return replace(self, x=x, y=y, z=z, axes=axes, labels=self.labels[_fine(box)])

    def like(self, field: np.ndarray, whole: Canvas) -> np.ndarray:
        """Part of a field of the `whole` canvas that covers this one."""
        first = [int(np.searchsorted(axis, mine[0])) for axis, mine in zip(whole.axes, self.axes, strict=True)]
        return field[tuple(slice(start, start + side) for start, side in zip(first, self.x.shape, strict=True))]

    def dense(self, field: np.ndarray) -> np.ndarray:
        """Linear interpolation from the sparse lattice to this one."""
        return _refined(field)[tuple(slice(side) for side in self.x.shape)]

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
        """Paint inside `box` by `fields` on its lattice points; the outermost points serve the interpolation only."""
        labels = self.labels[_fine(box)]
        allowed = np.isin(np.arange(len(TISSUES)), [NUMBER[tissue] for tissue in over])
        least = min(layers.values())
        rows = max(1, CHUNK // (8 * fields[0][0].size))
        for row in range(0, fields[0].shape[0] - 2, rows):
            fine = [_refined(field[row : row + rows + 2]) for field in fields]
            depth = combine(*fine) if combine else np.minimum.reduce(fine)
            view = labels[2 * row : 2 * row + depth.shape[0]]
            if depth.max() <= least:
                continue
            free = allowed[view] if over else True
            for tissue, start in layers.items():
                np.copyto(view, NUMBER[tissue], where=(depth > start) & free)


def blank(
    rng: np.random.Generator, shape: Sequence[int], step: float, origin: Sequence[float], scale: Sequence[float]
) -> Canvas:
    """Canvas full of air, of `shape` fine voxels (rounded up to even) of `step` mm, the first at `origin` mm.

    The template is scaled by `scale`, the size of the subject, and then deformed.
    """
    cells = [-(-side // 2) for side in shape]
    dense = [_points(-1.5 * step, 2 * step, n + 2) + np.float32(first) for n, first in zip(cells, origin, strict=True)]
    coarse = [
        _points(-4.5 * step, 4 * step, n // 2 + 4) + np.float32(first) for n, first in zip(cells, origin, strict=True)
    ]
    sparse_axes, axes = (
        tuple(axis / np.float32(s) for axis, s in zip(points, scale, strict=True)) for points in (coarse, dense)
    )
    straight = np.meshgrid(*sparse_axes, indexing="ij", sparse=True)
    bent = [along + np.float32(BEND) * random_field(rng, sparse_axes, 60) for along in straight]
    sparse = Lattice(rng, 4 * step, bent[0], bent[1], bent[2], sparse_axes)
    inner = tuple(slice(n + 2) for n in cells)
    x, y, z = (_refined(along)[inner] for along in bent)
    return Canvas(rng, 2 * step, x, y, z, axes, np.zeros([2 * n for n in cells], np.uint8), sparse)


def random_field(rng: np.random.Generator, axes: Sequence[np.ndarray], millimetres: float) -> np.ndarray:
    """Smooth random field at every combination of `axes` in mm, with bumps of about that width: float32."""
    weights = normal(rng, [int(np.ceil(EXTENT / millimetres))] * len(axes))
    return spline_field(weights, [(axis.astype(np.float64) + EXTENT / 2) / millimetres for axis in axes])


def _points(first: float, spacing: float, count: int) -> np.ndarray:
    return (first + spacing * np.arange(count)).astype(np.float32)


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


def _fine(box: Box) -> Box:
    i, j, k = (slice(2 * side.start, 2 * (side.stop - 2)) for side in box)
    return i, j, k


def _where_positive(depth: np.ndarray, within: np.ndarray) -> np.ndarray:
    """The depth where `within` is positive, else outside everything."""
    return np.where(within > 0, depth, np.float32(-1e9))

"""Shapes as depths: how many millimetres a point lies inside a surface; negative outside.

    and  min(a, b)      or  max(a, b)      not  -a      or, rounded  log(e^(a/k) + e^(b/k)) k

Quílez, "Distance functions", https://iquilezles.org/articles/distfunctions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from medtrans.core.arithmetic import exp, length

Point = tuple[float, float, float]


class Shape(Protocol):
    """Something with a surface and a box around it."""

    def depth(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray: ...

    def box(self) -> tuple[Point, Point]: ...


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and half axes in mm."""

    centre: Point
    axes: Point

    def depth(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """To first order: k (1 - k) / |grad k²| / 2, with k the radius in units of the axes."""
        parts = [(along - middle) / axis for along, middle, axis in zip((x, y, z), self.centre, self.axes, strict=True)]
        radius = length(*parts)
        slope = length(*(part / axis for part, axis in zip(parts, self.axes, strict=True)))
        return np.asarray(radius * (1 - radius) / (slope + np.float32(1e-6)), np.float32)

    def box(self) -> tuple[Point, Point]:
        return _box([self.centre], self.axes)


@dataclass(frozen=True)
class Rod:
    """From one ball to another, its radius growing or shrinking on the way."""

    start: Point
    end: Point
    radius: float
    end_radius: float | None = None

    def depth(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        way = np.subtract(self.end, self.start).astype(np.float32)
        from_start = [along - np.float32(first) for along, first in zip((x, y, z), self.start, strict=True)]
        share = sum(part * step for part, step in zip(from_start, way, strict=True)) / max(float(sum(way * way)), 1e-6)
        share = np.clip(share, 0, 1)
        radius = self.radius + share * ((self.radius if self.end_radius is None else self.end_radius) - self.radius)
        return radius - length(*(part - share * step for part, step in zip(from_start, way, strict=True)))

    def box(self) -> tuple[Point, Point]:
        wide = max(self.radius, self.end_radius or 0)
        return _box([self.start, self.end], (wide, wide, wide))


@dataclass(frozen=True)
class Arch:
    """A horseshoe open to the back: half an elliptic ring, `wide` and `high` in cross-section (half widths, mm)."""

    centre: Point
    radii: tuple[float, float]
    wide: float
    high: float

    def depth(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        across, along = ((w - m) / r for w, m, r in zip((x, y), self.centre, self.radii, strict=False))
        off = (length(across, along) - 1) * np.float32(np.mean(self.radii))
        side = 1 - length(off / self.wide, (z - self.centre[2]) / self.high)
        return np.minimum(side * min(self.wide, self.high), along * self.radii[1])

    def box(self) -> tuple[Point, Point]:
        return _box([self.centre], (self.radii[0] + self.wide, self.radii[1] + self.wide, self.high))


def rounded_union(depths: list[np.ndarray], millimetres: float) -> np.ndarray:
    """The union with its creases filled over about `millimetres` (polynomial smooth maximum)."""

    def join(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        bulge = np.maximum(millimetres - np.abs(a - b), 0)
        return np.asarray(np.maximum(a, b) + bulge * bulge / (4 * millimetres), np.float32)

    return reduce(join, depths)


def bump(*parts: np.ndarray) -> np.ndarray:
    """A hill of height 1: exp(-(a² + b² + …))."""
    return exp(-np.asarray(sum(part * part for part in parts), np.float32))


def _box(points: list[Point], reach: Point) -> tuple[Point, Point]:
    low = tuple(min(point[i] for point in points) - reach[i] for i in range(3))
    high = tuple(max(point[i] for point in points) + reach[i] for i in range(3))
    return low, high  # type: ignore[return-value]

"""Free-form deformation: cubic B-splines that maximise the mutual information of two images.

    max_c  I(c) - λ mean |∂²u|²,     u(x) = Σ c_abc β_a(x_1) β_b(x_2) β_c(x_3)

    u: displacement of a point of the fixed image, mm; its bending is limited where the images say nothing
    I(c) = Σ p(f, m) log (p(f, m) / (p(f) p(m))),     f: the fixed image, m: the moving one where f is mapped to

p is a histogram of all voxels of the mask with a Parzen window along m, so that I is smooth, and L-BFGS has its exact
gradient. SimpleITK, at a part of the voxels, is slower and leaves more of a deformation (docs/aligning.md).

Rueckert et al., IEEE TMI 1999, https://doi.org/10.1109/42.796284
Mattes et al., IEEE TMI 2003, https://doi.org/10.1109/TMI.2003.809072
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import minimize

from medtrans.preparing.registration.images import Level, to_voxels

if TYPE_CHECKING:
    import SimpleITK as sitk

BINS = 40
"""Of each image, between its least and its greatest value."""
MOST_VOXELS = 100_000
"""Of the mask; of more, one in several counts."""
ITERATIONS, EVALUATIONS = 50, 75
"""Of the optimiser, for each lattice of control points."""
CORRECTIONS = 10
"""Steps by which L-BFGS estimates the curvature."""
STIFFNESS = 300.0
"""Nats by which the information must rise for a mean |∂²u|² of 1/mm²."""
BENDING = ((2, 0, 0), 1), ((0, 2, 0), 1), ((0, 0, 2), 1), ((1, 1, 0), 2), ((1, 0, 1), 2), ((0, 1, 1), 2)
"""Orders of the derivatives along each axis, and how often they are in |∂²u|²."""


def search_deformation(
    fixed: Level, moving: Level, start: sitk.AffineTransform, distances: tuple[float, ...]
) -> sitk.BSplineTransform:
    """Displacement of points of the fixed image before `start`; `distances` of control points in mm, coarse first."""
    information = MutualInformation.of(fixed, moving, start)
    field = np.zeros((3, *fixed.image.GetSize()))
    for distance in distances:
        lattice = Lattice.over(fixed.image, distance)
        coefficients = _maximised(information, lattice, lattice.fit(field))
        field = lattice.field(coefficients)
    return lattice.transform(coefficients)


def _maximised(information: MutualInformation, lattice: Lattice, first: np.ndarray) -> np.ndarray:
    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        coefficients = flat.reshape(lattice.shape)
        value, gradient = information(lattice.field(coefficients))
        energy, stiffness = lattice.bending(coefficients)
        return STIFFNESS * energy - value, (STIFFNESS * stiffness - lattice.adjoint(gradient)).ravel()

    options = {"maxiter": ITERATIONS, "maxfun": EVALUATIONS, "maxcor": CORRECTIONS}
    found = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x.reshape(lattice.shape))


@dataclass(frozen=True, eq=False)
class Lattice:
    """Control points over the voxels of an image."""

    image: sitk.Image
    splines: tuple[np.ndarray, ...]
    """Cubic B-splines (control point, voxel) of each axis."""
    products: tuple[tuple[np.ndarray, ...], ...]
    """Mean products (control point, control point) of the splines, their first and their second derivatives, 1/mm²."""

    @classmethod
    def over(cls, image: sitk.Image, distance: float) -> Lattice:
        """Control points about so many mm apart."""
        axes = [_splines(*side, distance) for side in zip(image.GetSize(), image.GetSpacing(), strict=True)]
        products = (tuple(each @ each.T / each.shape[1] for each in order) for order in zip(*axes, strict=True))
        return cls(image, tuple(values for values, _, _ in axes), tuple(products))

    @property
    def shape(self) -> tuple[int, ...]:
        """(3, control points along each axis)"""
        return (3, *(len(splines) for splines in self.splines))

    def field(self, coefficients: np.ndarray) -> np.ndarray:
        """Displacements (3, i, j, k) of the coefficients (3, a, b, c)."""
        return _along_axes(self.splines, coefficients)

    def adjoint(self, field: np.ndarray) -> np.ndarray:
        """The transposed map of `field`."""
        return _along_axes([splines.T for splines in self.splines], field)

    def fit(self, field: np.ndarray) -> np.ndarray:
        """The coefficients whose displacements are nearest to a field."""
        return _along_axes([np.linalg.pinv(splines) for splines in self.splines], field)

    def bending(self, coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean of |∂²u|² over the image, 1/mm², and its gradient."""
        turned = np.zeros(self.shape)
        for orders, count in BENDING:
            matrices = [self.products[order][axis] for axis, order in enumerate(orders)]
            turned += count * _along_axes(matrices, coefficients)
        return float((coefficients * turned).sum()), 2 * turned

    def transform(self, coefficients: np.ndarray) -> sitk.BSplineTransform:
        """The same displacements as a transform of ITK, which is the identity outside of the image."""
        import SimpleITK as sitk

        axes, origin = _axes(self.image)
        voxels = np.array(self.image.GetSize()) / (np.array(self.shape[1:]) - 3)  # between control points
        images = [sitk.GetImageFromArray(np.ascontiguousarray(each.T)) for each in coefficients]
        for each in images:
            each.SetSpacing((voxels * self.image.GetSpacing()).tolist())
            each.SetDirection(self.image.GetDirection())
            each.SetOrigin((origin[:, 0] - axes @ (voxels + 0.5)).tolist())
        return sitk.BSplineTransform(images, 3)


def _splines(voxels: int, size: float, distance: float) -> list[np.ndarray]:
    """Cubic B-splines (control point, voxel) over so many voxels, and their first two derivatives by mm."""
    cells = max(round(voxels * size / distance), 1)
    knots = np.arange(-3, cells + 4) * voxels * size / cells
    splines = BSpline(knots, np.eye(cells + 3), 3)
    places = (np.arange(voxels) + 0.5) * size
    return [np.asarray(splines(places, nu=order).T) for order in range(3)]


def _along_axes(matrices: tuple[np.ndarray, ...] | list[np.ndarray], field: np.ndarray) -> np.ndarray:
    """Each axis of the field multiplied by its matrix. No BLAS: its last bits may depend on the number of cores."""
    first, second, third = matrices
    field = np.einsum("ai,zabc->zibc", first, field)
    field = np.einsum("bj,zibc->zijc", second, field)
    return np.einsum("ck,zijc->zijk", third, field)


@dataclass(frozen=True, eq=False)
class MutualInformation:
    """Mutual information of two images in nats, and its gradient by the displacement of each voxel of the fixed one."""

    places: tuple[np.ndarray, ...]
    """The voxels that count."""
    fixed_bins: np.ndarray
    moving: np.ndarray
    """In bins."""
    start: np.ndarray
    """(3, n): where the voxels are in the moving image without a displacement, in its voxels."""
    matrix: np.ndarray
    """mm of displacement to voxels of the moving image."""

    @classmethod
    def of(cls, fixed: Level, moving: Level, start: sitk.AffineTransform) -> MutualInformation:
        """`start` maps points of the fixed to points of the moving image."""
        mask, image, other = (to_voxels(each)[0] for each in (fixed.mask, fixed.image, moving.image))
        places = np.argwhere(mask)
        places = places[:: -(-len(places) // MOST_VOXELS)].T
        values = _in_bins(image[tuple(places)])
        axes, origin = _axes(fixed.image)
        inverse, other_origin = np.linalg.inv(_axes(moving.image)[0]), _axes(moving.image)[1]
        turn, centre = np.reshape(start.GetMatrix(), (3, 3)), np.array(start.GetCenter())[:, None]
        points = turn @ (axes @ places + origin - centre) + centre + np.array(start.GetTranslation())[:, None]
        bins = np.rint(values).astype(np.int64)
        return cls(tuple(places), bins, _in_bins(other), inverse @ (points - other_origin), inverse @ turn)

    def __call__(self, field: np.ndarray) -> tuple[float, np.ndarray]:
        """The information, and its gradient (3, i, j, k), for displacements (3, i, j, k) in mm."""
        within: Any = (slice(None), *self.places)
        values, slopes, inside = _interpolated(self.moving, self.start + self.matrix @ field[within])
        information, by_value = _information(self.fixed_bins, values, inside)
        gradient = np.zeros(field.shape)
        gradient[within] = self.matrix.T @ (slopes * by_value)
        return information, gradient


def _axes(image: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """Matrix from voxels to mm, and the centre of the first voxel (3, 1)."""
    return np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing(), np.array(image.GetOrigin())[:, None]


def _in_bins(values: np.ndarray) -> np.ndarray:
    """From 0 to BINS - 1."""
    low, range_ = float(values.min()), float(np.ptp(values))
    return (values.astype(np.float64) - low) * ((BINS - 1) / (range_ or 1.0))


def _interpolated(image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trilinear: values at points (3, n) in voxels, their slopes (3, n), and which points lie in the image."""
    last = np.array(image.shape)[:, None] - 1.0
    inside = np.all((points >= 0) & (points <= last), axis=0)
    points = np.clip(points, 0, last)
    corner = np.minimum(points.astype(np.int64), np.maximum(last - 1, 0).astype(np.int64))
    x, y, z = points - corner
    strides = np.array([image.shape[1] * image.shape[2], image.shape[2], 1])
    steps = strides * (np.array(image.shape) > 1)
    first, flat = strides @ corner, image.ravel()
    low, high = (_bilinear(flat, first + step, steps[1:], y, z) for step in (0, steps[0]))
    value, by_y, by_z = (a + x * (b - a) for a, b in zip(low, high, strict=True))
    return value, np.stack([high[0] - low[0], by_y, by_z]), inside


def _bilinear(
    flat: np.ndarray, first: np.ndarray, steps: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The value, and its slopes along y and z."""
    a, b, c, d = (flat[first + step] for step in (0, steps[1], steps[0], steps[0] + steps[1]))
    low, high = a + z * (b - a), c + z * (d - c)
    return low + y * (high - low), high - low, (b - a) + y * ((d - c) - (b - a))


def _information(fixed: np.ndarray, moving: np.ndarray, inside: np.ndarray) -> tuple[float, np.ndarray]:
    """Mutual information of bins and of values in bins, and its derivative by each value."""
    counted = inside / max(int(inside.sum()), 1)
    lowest = np.minimum(moving.astype(np.int64), BINS - 2)
    width = BINS + 2
    first = fixed * width + lowest
    weights, slopes = _parzen(moving - lowest)
    cells = [np.bincount(first + n, counted * weight, BINS * width) for n, weight in enumerate(weights)]
    joint = np.sum(cells, axis=0).reshape(BINS, width)
    by_moving, by_fixed = joint.sum(0), joint.sum(1, keepdims=True)
    filled = joint > 0
    conditional = np.log(joint / np.where(by_moving > 0, by_moving, 1), where=filled, out=np.zeros(joint.shape))
    information = float((joint * (conditional - np.log(np.where(by_fixed > 0, by_fixed, 1))))[filled].sum())
    logs = conditional.ravel()
    return information, counted * sum(slope * logs[first + n] for n, slope in enumerate(slopes))


def _parzen(t: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A cubic B-spline at the four bins around a value, t above the second one, and its derivatives."""
    weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    slopes = [-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2]
    return [weight / 6 for weight in weights], [slope / 2 for slope in slopes]

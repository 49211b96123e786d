"""Lattices of control points, and mutual information with its gradient."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from medtrans.core.volume import Volume
from medtrans.preparing.registration.free_form import Lattice, MutualInformation, search_deformation
from medtrans.preparing.registration.images import Level, to_image
from medtrans.reading.grids import LPS_TO_RAS

SHAPE = (14, 12, 13)
AFFINE = np.array([[0, -4.0, 0, 30], [4.0, 0, 0, -20], [0, 0, 5.0, 7], [0, 0, 0, 1]])
"""Axes in another order, one of them mirrored, and voxels of two sizes."""


def level(voxels):
    return Level(*(to_image(Volume(each[None], AFFINE)) for each in (voxels, np.ones(SHAPE, np.uint8))))


@pytest.fixture(scope="module")
def images():
    """A smooth image, and the same in another contrast at places moved by up to 4 mm; where each place went, in RAS."""
    rng = np.random.default_rng(0)
    smooth = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    places = np.indices(SHAPE).astype(np.float64)
    moved = places + 0.8 * np.sin(places[[1, 2, 0]] / 4)
    shift = np.einsum("ij,j...->i...", AFFINE[:3, :3], moved - places)
    other = np.cos(4 * smooth / smooth.std() / 3)
    fixed = ndimage.map_coordinates(smooth, moved, order=3, mode="nearest")
    return level(fixed.astype(np.float32)), level(other.astype(np.float32)), shift


def test_the_transform_of_itk_displaces_as_the_field_does(images):
    image, rng = images[0].image, np.random.default_rng(0)
    lattice = Lattice.over(image, 20.0)
    coefficients = rng.normal(size=lattice.shape)
    field, transform = lattice.field(coefficients), lattice.transform(coefficients)
    for place in rng.integers(0, SHAPE, (20, 3)).tolist():
        point = (LPS_TO_RAS @ AFFINE @ [*place, 1])[:3]
        expected = field[(slice(None), *place)]
        assert np.array(transform.TransformPoint(point.tolist())) - point == pytest.approx(expected, abs=1e-9)


def test_a_field_of_a_lattice_is_fitted_and_the_adjoint_passes_the_dot_test(images):
    lattice, rng = Lattice.over(images[0].image, 15.0), np.random.default_rng(0)
    coefficients, field = rng.normal(size=lattice.shape), rng.normal(size=(3, *SHAPE))
    assert lattice.fit(lattice.field(coefficients)) == pytest.approx(coefficients, abs=1e-9)
    assert (lattice.field(coefficients) * field).sum() == pytest.approx((coefficients * lattice.adjoint(field)).sum())


def test_the_bending_is_that_of_the_differences_of_the_field_and_has_its_gradient(images):
    image, rng = images[0].image, np.random.default_rng(0)
    lattice = Lattice.over(image, 30.0)
    x, y, z = np.meshgrid(*(np.arange(side) * size for side, size in zip(SHAPE, image.GetSpacing(), strict=True)),
                          indexing="ij")  # fmt: skip
    field = np.stack([x**2 / 200, x * y / 100, 0 * z + 5])  # |∂²u|²: (1/100)², 2 (1/100)², 0
    coefficients = lattice.fit(field)
    energy, gradient = lattice.bending(coefficients)
    assert energy == pytest.approx(3e-4, rel=1e-6)
    change = rng.normal(size=lattice.shape)
    rise = lattice.bending(coefficients + 1e-3 * change)[0] - lattice.bending(coefficients - 1e-3 * change)[0]
    assert (gradient * change).sum() == pytest.approx(rise / 2e-3, rel=1e-6)


def test_the_gradient_of_the_information_is_that_of_its_differences(images):
    fixed, moving, shift = images
    information, direction = MutualInformation.of(fixed, moving, sitk.AffineTransform(3)), 0.1 * shift
    field = 0.5 * shift
    _, gradient = information(field)
    step = 1e-4
    rise = (information(field + step * direction)[0] - information(field - step * direction)[0]) / (2 * step)
    assert (gradient * direction).sum() == pytest.approx(rise, rel=1e-3)
    assert abs(rise) > 1e-3


def test_voxels_beyond_the_moving_image_do_not_count(images):
    fixed, moving, _ = images
    information = MutualInformation.of(fixed, moving, sitk.AffineTransform(3))
    far = np.full((3, *SHAPE), 1000.0)
    assert information(far) == (0.0, pytest.approx(np.zeros(far.shape)))


def test_a_smooth_deformation_between_two_contrasts_is_found(images):
    fixed, moving, shift = images
    start = sitk.AffineTransform(3)
    start.SetTranslation((1.3, -0.9, 1.7))
    found = sitk.CompositeTransform([start, search_deformation(fixed, moving, start, (40.0, 20.0))])
    places = np.argwhere(ndimage.binary_erosion(np.ones(SHAPE, bool), iterations=2))
    points = (np.column_stack([places, np.ones(len(places))]) @ (LPS_TO_RAS @ AFFINE).T)[:, :3]
    wanted = points + shift[(slice(None), *places.T)].T * [-1, -1, 1]
    mapped = np.array([found.TransformPoint(point) for point in points.tolist()])
    left, before = (np.linalg.norm(each - wanted, axis=1).mean() for each in (mapped, points))
    assert before > 2.5
    assert left < 0.4 * before

"""Projections and filtered backprojection, against formulas and against scikit-image."""

from math import pi

import numpy as np
import pytest
from skimage.transform import radon

from medtrans.core.volume import Volume
from medtrans.degradations._projections import ParallelBeam, beam, from_slices, to_slices

ANGLES = tuple((np.arange(180) * pi / 180).tolist())


def disc(side=96, radius=30.0, spacing=1.0):
    """A disc of ones with a soft edge, radius in mm."""
    axis = (np.arange(side) - (side - 1) / 2) * spacing
    return np.clip(radius - np.hypot(axis[:, None], axis) + 0.5, 0, 1)


def test_the_projection_of_a_disc_is_its_chord():
    rays = ParallelBeam((96, 96), (1.0, 1.0), ANGLES[::30])
    seen = rays.project(disc().reshape(-1, 1))[..., 0]
    chord = 2 * np.sqrt(np.maximum(30.0**2 - rays.offsets**2, 0))
    assert np.abs(seen - chord)[:, np.abs(rays.offsets) < 28].max() < 0.7


def test_projections_are_those_of_scikit_image():
    image = disc() * np.random.default_rng(0).random((96, 96))
    rays = ParallelBeam((96, 96), (1.0, 1.0), (0.0, pi / 2))
    ours = rays.project(image.reshape(-1, 1))[..., 0]
    theirs = radon(np.pad(image, ((0, 1), (0, 1))), theta=[90, 0], circle=False)  # its centre lies on a voxel
    for view in (0, 1):
        assert ours[view].sum() == pytest.approx(theirs[:, view].sum(), rel=1e-3)
        assert ours[view].max() == pytest.approx(theirs[:, view].max(), rel=0.03)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.8, 1.6)])
def test_filtered_backprojection_gives_the_image_back(spacing):
    axes = [(np.arange(96) - 47.5) * mm for mm in spacing]
    image = np.exp(-(axes[0][:, None] ** 2 + axes[1] ** 2) / (2 * 12.0**2))
    rays = ParallelBeam((96, 96), spacing, tuple((np.arange(360) * pi / 360).tolist()))
    back = rays.reconstruct(rays.project(image.reshape(-1, 1))).reshape(96, 96)
    assert np.abs(back - image).max() < 0.015


def test_slices_are_the_axial_ones_whatever_the_order_of_the_voxels():
    affine = np.array([[0, 0, 2.0, 0], [3.0, 0, 0, 0], [0, 4.0, 0, 0], [0, 0, 0, 1.0]])  # i anterior, j superior
    volume = Volume(np.random.default_rng(0).random((2, 5, 6, 7)), affine)
    slices = to_slices(volume.voxels, volume)
    assert slices.shape == (5 * 7, 2 * 6)
    assert slices[:, 1].reshape(5, 7).tolist() == volume.voxels[0, :, 1].tolist()
    assert np.array_equal(from_slices(slices, volume, 2), volume.voxels)
    assert beam(volume).spacing == (3.0, 2.0)

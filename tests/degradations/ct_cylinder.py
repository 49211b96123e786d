"""A cylinder of water in air, in HU, for the tests of degradations of CT."""

import numpy as np

from medtrans.core.volume import Volume

RADIUS_MM = 80.0


def cylinder(side=96, slices=4, spacing=2.0, water=0.0, bone=False):
    """Two rods of bone, right and left, where asked for."""
    axis = (np.arange(side) - (side - 1) / 2) * spacing
    radius = np.hypot(axis[:, None], axis)
    image = np.where(radius < RADIUS_MM, water, -1000.0)
    if bone:
        for place in (-45.0, 45.0):
            image[np.hypot(axis[:, None] - place, axis) < 12] = 1000
    voxels = np.broadcast_to(image[..., None], (1, side, side, slices)).astype(np.float32)
    return Volume(voxels.copy(), np.diag([spacing, spacing, 3.0, 1.0]))


def within(volume, low_mm, high_mm):
    """Voxels whose distance from the axis lies between two values."""
    axis = (np.arange(volume.shape[0]) - (volume.shape[0] - 1) / 2) * volume.spacing[0]
    radius = np.hypot(axis[:, None], axis)[None, :, :, None]
    return np.broadcast_to((radius >= low_mm) & (radius < high_mm), volume.voxels.shape)

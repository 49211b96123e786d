"""Small volumes with a body in them, for the tests of this folder."""

import numpy as np

from medtrans.core.volume import Volume

OBLIQUE = np.array([[1.2, 0.3, -0.1, 5.0], [-0.3, 1.4, 0.2, -7.0], [0.1, -0.2, 2.5, 11.0], [0, 0, 0, 1.0]])
FLIPPED = np.array([[0, 0, -1.5, 20.0], [-1.0, 0, 0, 3.0], [0, 0.7, 0, -4.0], [0, 0, 0, 1.0]])


def ball(shape, radius=0.8):
    """True in an ellipsoid that touches no side."""
    axes = [np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in shape]
    return sum(axis**2 for axis in np.ix_(*axes)) < radius**2


def mr(shape=(20, 22, 18), affine=None, seed=0, gain=1.0):
    """A bright body with texture in dark, slightly noisy air."""
    rng = np.random.default_rng(seed)
    voxels = rng.uniform(0, 8, shape) + ball(shape) * rng.uniform(100, 400, shape)
    return Volume((gain * voxels).astype(np.float32)[None], np.eye(4) if affine is None else affine)


def ct(shape=(20, 22, 18), affine=None):
    """Water in air, in HU."""
    voxels = np.where(ball(shape), 40, -1000) + np.random.default_rng(1).normal(0, 10, shape)
    return Volume(voxels.astype(np.int16)[None], np.eye(4) if affine is None else affine)

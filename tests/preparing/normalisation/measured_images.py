"""Measured images for the tests of normalisers."""

from medtrans.preparing.normalisation.linear import Linear
from tests.preparing.phantom_volumes import mr


def measured(seed=0, gain=1.0):
    """Voxels of a body in dark air, and its mask."""
    voxels = mr(seed=seed, gain=gain).voxels[0]
    return voxels, voxels > 50 * gain


def new(kind):
    """A normaliser that is not fitted."""
    return Linear(low=-1024, high=3071) if kind is Linear else kind()


def fitted(kind):
    """The normaliser fitted to three images of gains 1, 2 and 4."""
    return new(kind).fit([measured(seed, gain) for seed, gain in ((0, 1.0), (1, 2.0), (2, 4.0))])

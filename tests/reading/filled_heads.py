"""A head in CT and MR with its mask, and targets of which one end is filled with one value."""

import numpy as np

from medtrans.phantoms import make_head, paint


def made_head():
    made = make_head(3, shape=(36, 42, 36), spacing=5.0)
    rng = np.random.default_rng(0)
    return paint(made, "CT", rng), paint(made, "T1", rng), made.mask.voxels[0] > 0


def filled(volume, value, axis, width):
    voxels = np.moveaxis(volume.voxels.astype(np.float64), axis + 1, 0)
    voxels[:width] = value
    return volume.like(np.moveaxis(voxels, 0, axis + 1))

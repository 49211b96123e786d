"""Volumes to be scored: a CT in HU, an MR, and a mask, on one grid."""

import numpy as np

from medtrans.core.volume import Volume

SHAPE = (14, 15, 16)
AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])


def volume(voxels, affine=AFFINE) -> Volume:
    return Volume(np.asarray(voxels)[None], affine)


def mask() -> Volume:
    inside = np.zeros(SHAPE, np.uint8)
    inside[2:-2, 2:-2, 2:-2] = 1
    return volume(inside)


def ct(noise: float = 0.0) -> Volume:
    rng = np.random.default_rng(3)
    voxels = np.where(mask().voxels[0], rng.normal(40, 200, SHAPE), -1024)
    return volume((voxels + noise * rng.normal(size=SHAPE)).astype(np.float32))


def mr(noise: float = 0.0, scale: float = 1.0) -> Volume:
    rng = np.random.default_rng(4)
    voxels = np.where(mask().voxels[0], rng.uniform(100, 900, SHAPE), 0) + noise * rng.normal(size=SHAPE)
    return volume((scale * voxels).astype(np.float32))


def changed(original: Volume, place: tuple[int, int, int], value: float) -> Volume:
    voxels = original.voxels.copy()
    voxels[(0, *place)] = value
    return original.like(voxels)

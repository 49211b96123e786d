"""A perfect posterior: truth and samples are drawn from one normal distribution in each voxel."""

import numpy as np


def perfect(samples, voxels=60000, same=False):
    """Error of the mean of the samples, and their standard deviation; true ones are from 1 to 20, or all alike."""
    rng = np.random.default_rng(samples)
    true = np.ones(voxels) if same else rng.uniform(1, 20, voxels)
    drawn = true * rng.normal(size=(samples, voxels))
    return drawn.mean(axis=0) - true * rng.normal(size=voxels), drawn.std(axis=0, ddof=1)

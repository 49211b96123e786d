"""K-space: the Fourier transform of an image, in which MR measures. Unitary, with the centre at the middle.

X(k) = F x,   x = Fᴴ X,   F Fᴴ = 1
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft


def to_k_space(voxels: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """The transform of (channel, i, j, k) along voxel axes 0, 1, 2; frequency 0 lies at index side // 2."""
    ours = [axis + 1 for axis in axes]
    return np.asarray(fft.fftshift(fft.fftn(voxels, axes=ours, norm="ortho"), ours))


def to_image(k_space: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """The inverse, complex."""
    ours = [axis + 1 for axis in axes]
    return np.asarray(fft.ifftn(fft.ifftshift(k_space, ours), axes=ours, norm="ortho"))


def magnitude(image: np.ndarray) -> np.ndarray:
    return np.abs(image).astype(np.float32, copy=False)


def spread(mask: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """A mask over some voxel axes, in the order of `axes`, shaped to multiply (channel, i, j, k)."""
    order = np.argsort(axes)
    shape = [1, 1, 1, 1]
    for axis, side in zip(np.sort(axes).tolist(), mask.transpose(order).shape, strict=True):
        shape[axis + 1] = side
    return mask.transpose(order).reshape(shape)

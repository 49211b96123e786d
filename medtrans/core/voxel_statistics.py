"""Statistics and functions of voxels in blocks, so that a large volume needs no further arrays of its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

BLOCK = 1 << 20
"""Voxels in one block."""
SAMPLED = 1 << 20
"""Voxels in a sample, about."""


def flat(voxels: np.ndarray) -> np.ndarray:
    """All voxels in one dimension, in the order of memory: a view of an array that is contiguous in any order."""
    return voxels.ravel(order="K")


def blocks(voxels: np.ndarray) -> Iterator[np.ndarray]:
    """The finite voxels, block by block."""
    every = flat(voxels)
    for start in range(0, every.size, BLOCK):
        block = every[start : start + BLOCK]
        finite = np.isfinite(block)
        yield block if finite.all() else block[finite]


def finite_range(voxels: np.ndarray) -> tuple[float, float]:
    """Lowest and highest finite value; nan where there is none."""
    ends = [(float(block.min()), float(block.max())) for block in blocks(voxels) if block.size]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (np.nan, np.nan)


def count(voxels: np.ndarray, condition: Callable[[np.ndarray], np.ndarray]) -> int:
    """Number of finite voxels that meet a condition."""
    return sum(int(np.count_nonzero(condition(block))) for block in blocks(voxels))


def sample(voxels: np.ndarray) -> np.ndarray:
    """About a million finite voxels in 64 bits, at equal steps through the volume; all of a smaller volume."""
    every = flat(voxels)
    values = every[:: 1 + every.size // SAMPLED].astype(np.float64)
    return values[np.isfinite(values)]


def elementwise(function: Callable[[np.ndarray], np.ndarray], voxels: np.ndarray, kind: type) -> np.ndarray:
    """`function` of every voxel as an array of type `kind`: what it needs in between is as large as a block."""
    out: np.ndarray = np.empty_like(voxels, dtype=kind)
    pieces = np.nditer(
        [voxels, out],
        ["external_loop", "buffered", "zerosize_ok"],
        [["readonly"], ["writeonly"]],
        order="K",
        buffersize=BLOCK,
    )
    with pieces:
        for piece, result in pieces:
            result[...] = function(piece)
    return out

"""Seconds and memory of every degradation on a volume of 256³: python docs/benchmarks/degradations.py [SIDE]

A head-like ellipsoid with texture; CT in HU where a degradation is one of CT alone. Each is drawn once from its default
range and applied once, after the others have been removed from memory. One row for each, as Markdown.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from medtrans import degradations
from medtrans.core.volume import Volume


def head(side: int, *, hounsfield: bool) -> Volume:
    """An ellipsoid of texture in air, in voxels of 1 mm."""
    axes = np.ix_(*[np.linspace(-1, 1, side, dtype=np.float32)] * 3)
    body = sum((axis / size) ** 2 for axis, size in zip(axes, (0.7, 0.85, 0.8), strict=True)) < 1
    values = np.random.default_rng(0).uniform(0.4, 0.9, (side,) * 3).astype(np.float32)
    image = np.where(body, 100 * values, -1000) if hounsfield else body * values
    return Volume(image[None].astype(np.float32), np.eye(4))


def main() -> None:
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    print(f"| degradation | seconds, {side}³ | GiB at most |\n|---|---|---|")
    for name in degradations.names():
        degradation = degradations.load(name)()
        volume = head(side, hounsfield=degradation.modalities == ("CT",))
        parameters = degradation.draw(np.random.default_rng(1))
        begin = time.perf_counter()
        degradation.apply(volume, **parameters)
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {name} | {seconds:.1f} | {peak:.1f} |", flush=True)


if __name__ == "__main__":
    main()

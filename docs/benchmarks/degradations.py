"""Processor seconds and memory of degradations on a volume of 256³: python docs/benchmarks/degradations.py [NAME …]

A head-like ellipsoid with texture; CT in HU where a degradation is one of CT alone. Each is drawn once from its default
range and applied once, in a process of its own. One row for each, as Markdown.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import numpy as np

from medtrans import degradations
from medtrans.core.volume import Volume

SIDE = 256


def head(side: int, *, hounsfield: bool) -> Volume:
    """An ellipsoid of texture in air, in voxels of 1 mm."""
    axes = np.ix_(*[np.linspace(-1, 1, side, dtype=np.float32)] * 3)
    body = sum((axis / size) ** 2 for axis, size in zip(axes, (0.7, 0.85, 0.8), strict=True)) < 1
    values = np.random.default_rng(0).uniform(0.4, 0.9, (side,) * 3).astype(np.float32)
    image = np.where(body, 100 * values, -1000) if hounsfield else body * values
    return Volume(image[None].astype(np.float32), np.eye(4))


def measure(name: str) -> None:
    degradation = degradations.load(name)()
    volume = head(SIDE, hounsfield=degradation.modalities == ("CT",))
    parameters = degradation.draw(np.random.default_rng(1))
    begin = time.process_time()
    degradation.apply(volume, **parameters)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"| {name} | {seconds:.1f} | {peak:.1f} |", flush=True)


def main() -> None:
    print(f"| degradation | processor seconds, {SIDE}³ | GiB at most |\n|---|---|---|", flush=True)
    for name in sys.argv[1:] or degradations.names():
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(name,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()

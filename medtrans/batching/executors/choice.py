"""Number of processes and threads of a batch: by processors, cases and memory.

    processes = min(processors, cases, free memory / memory of one)          1 on a GPU
    threads of each = processors / processes

One thread each, since reading, resampling and writing use one, and run beside the networks of another case.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtrans.core.errors import MedtransError
from medtrans.reading.volumes import files_of, read_grid

LIBRARIES_BYTES, VOXEL_BYTES = 5e8, 14
"""Memory of a process with its models, and for each voxel of a volume while it is translated: measured for heads."""
SLICES_BYTES, WINDOW_BYTES = 4e8, 2.5e9
"""Features of a network: of some slices, and of a window of 128³. An estimate; networks differ."""
SHARE_OF_MEMORY = 0.9


@dataclass(frozen=True)
class Choice:
    """Of one batch."""

    processes: int
    threads: int
    """Of each process."""
    sentence: str
    """With the reason."""


def choose(
    cases: int, processors: int, process_bytes: float, *, free: float | None = None, processes: int | None = None
) -> Choice:
    """`processors` may be used; `free` is memory in bytes; `processes` are those that are asked for."""
    fitting = cases if free is None else max(1, math.floor(SHARE_OF_MEMORY * free / process_bytes))
    chosen = max(1, processes or min(processors, cases, fitting))
    threads = max(1, processors // chosen)
    because = f"{processors} processors, about {process_bytes / 1e9:.1f} GB each"
    because += "" if free is None else f", {free / 1e9:.1f} GB free"
    words = f"{_counted(chosen, 'process', 'es')} of {_counted(threads, 'thread', 's')}"
    return Choice(chosen, threads, f"{words} ({because})")


def process_bytes(volumes: Sequence[Path], models: Sequence[str]) -> float:
    """Memory that a process is expected to hold at most, with the largest of the volumes."""
    largest = max(volumes, key=_size, default=None)
    features, weights = SLICES_BYTES, 0.0
    for folder in map(Path, models):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            weights += 2 * sum(file.stat().st_size for file in folder.glob("*.safetensors"))
            config = json.loads((folder / "config.json").read_bytes())
            features = max(features, WINDOW_BYTES if config["preparation"]["settings"]["spatial_dims"] == 3 else 0)
    return LIBRARIES_BYTES + weights + features + (VOXEL_BYTES * _voxels(largest) if largest else 0)


def _size(volume: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(file.stat().st_size for file in files_of(volume))
    return 0


def _voxels(volume: Path) -> int:
    """As the header says; 0 where it cannot be read."""
    with contextlib.suppress(MedtransError, OSError):
        return math.prod(read_grid(volume)[0])
    return 0


def _counted(number: int, noun: str, plural: str) -> str:
    return f"{number} {noun}{plural if number != 1 else ''}"

"""Memory that is free, compared with what a volume needs before it is read.

Free is the least of: the memory of the machine, of the control group (containers, SLURM) and of the address space.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused

READING_FACTOR = 2.0
"""Memory of reading and checking a volume, in sizes of its voxels in memory: 1.3 to 1.6 measured, chunks and masks."""
TRANSLATING_FACTOR = 2.5
"""Memory of translating a volume that has been read, in sizes of its voxels as float32: 2.6 and 2.8 measured by
docs/benchmarks/memory.py."""
ADVICE = "close other programs, use a machine with more memory, or crop the volume"
WORDS_OF_TORCH = ("allocate memory", "not enough memory", "out of memory")
"""What a RuntimeError says where torch finds no memory: on Linux, on Windows, on a device."""
MACHINE, PROCESS = Path("/proc/meminfo"), Path("/proc/self/statm")
GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)
"""Files that hold the limit and the use of a control group, of version 2 and 1."""
PAGE_BYTES = 4096


def free_bytes() -> int | None:
    """Bytes that can be allocated now; None where the system does not say."""
    known = [free for free in (_of_machine(), *(_of_group(*files) for files in GROUPS), _of_process()) if free]
    return min(known) if known else None


def refuse_without_memory(path: str | Path, size: int, factor: float = READING_FACTOR) -> None:
    """Raise EnvironmentRefused where `factor` times `size` bytes of voxels are not free."""
    free = free_bytes()
    if free is not None and factor * size > free:
        needed = f"needs {factor * size / 1e9:.1f} GB of memory for {size / 1e9:.1f} GB of voxels"
        what = f"{needed}, and {free / 1e9:.1f} GB are free"
        raise EnvironmentRefused(path, what, ADVICE, "out-of-memory")


def is_out_of_memory(reason: BaseException) -> bool:
    """Whether memory could not be allocated: by Python or numpy, by torch on the processor, or on a device."""
    said = isinstance(reason, RuntimeError) and any(words in str(reason) for words in WORDS_OF_TORCH)
    return said or isinstance(reason, MemoryError)


def out_of_memory(where: str | Path, advice: str = ADVICE) -> EnvironmentRefused:
    """The error for want of memory, with the name of a file, case, step or command."""
    return EnvironmentRefused(where, "does not fit into memory", advice, "out-of-memory")


@contextlib.contextmanager
def memory_errors(where: str | Path, advice: str = ADVICE) -> Iterator[None]:
    """Want of memory inside becomes EnvironmentRefused that names the file, case or step."""
    try:
        yield
    except (MemoryError, RuntimeError) as reason:
        if not is_out_of_memory(reason):
            raise
        raise out_of_memory(where, advice) from reason


def _of_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        _, _, rest = MACHINE.read_text().partition("MemAvailable:")
        return int(rest.split()[0]) * 1024
    return None


def _of_group(limit: Path, use: Path) -> int | None:
    """Pages of files count as used there, although the system gives them up when memory is short."""
    with contextlib.suppress(OSError, ValueError):
        left = int(limit.read_text()) - int(use.read_text())
        statistics = (limit.parent / "memory.stat").read_text().split()
        names = dict(zip(statistics[::2], statistics[1::2], strict=False))
        files = int(names.get("inactive_file", 0)) + int(names.get("active_file", 0))
        return max(left + files, 1)
    return None


def _of_process() -> int | None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        system = importlib.import_module("resource")
        limit = int(system.getrlimit(system.RLIMIT_AS)[0])
        if limit != system.RLIM_INFINITY:
            return max(limit - int(PROCESS.read_text().split()[0]) * PAGE_BYTES, 1)
    return None

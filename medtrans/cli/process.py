"""State of the process that has to be set before torch is loaded: waiting threads, their number, memory that is kept.

| what | set to | because |
|---|---|---|
| threads that wait for each other (OpenMP) | sleep at once | spinning takes the time of those that work |
| number of threads | at most the quota of the control group | more would wait for each other |
| memory that was freed (glibc) | kept for the next layer of a network | else the system clears each page anew |

What the user has set in the environment is left as it is. Worker processes inherit the environment.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import MutableMapping
from pathlib import Path

WAITING, THREADS = "OMP_WAIT_POLICY", "OMP_NUM_THREADS"
OF_WAITING = (WAITING, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
OF_SLURM = ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")
"""Processors of a job, which SLURM need not enforce."""
OF_MEMORY = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "LD_PRELOAD")
"""Variables by which a user sets the same; a preloaded library may bring its own malloc."""
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1
"""Options of glibc's mallopt, as in malloc.h."""
LARGEST_KEPT, KEPT = 1 << 28, (1 << 31) - 1
"""Bytes of one piece that is kept, as the features of a network and not a very large volume; and of all."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor time in each period, and the period: "200000 100000", or max."""


def prepare_process(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set what the table says, for this process and those that it starts."""
    if not any(name in environment for name in OF_WAITING):
        environment[WAITING] = "PASSIVE"
    allowed = processors_of_quota()
    if allowed is not None and THREADS not in environment and allowed < (os.cpu_count() or 1):
        environment[THREADS] = str(allowed)
    if _memory_is_ours(environment):
        keep_memory()


def keep_memory() -> bool:
    """Whether glibc now keeps freed memory; other systems have no such choice."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(M_TRIM_THRESHOLD, KEPT))
    return False


def processors_of_quota(file: Path = QUOTA) -> int | None:
    """Processors that the control group allows, rounded up; None without a limit."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = file.read_text().split()[:2]
        return max(1, math.ceil(int(quota) / int(period)))
    return None


def processors(environment: MutableMapping[str, str] = os.environ) -> int:
    """Processors that this process may use: of the machine, of a batch system, and as OMP_NUM_THREADS says."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = [int(text) for text in map(environment.get, (THREADS, *OF_SLURM)) if text and text.isdigit()]
    return min(usable, processors_of_quota() or usable, *filter(None, said))


def seconds_since_start() -> float:
    """Seconds since this process began; those of its processor time where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    return time.process_time()


def chosen(environment: MutableMapping[str, str] = os.environ) -> dict[str, str]:
    """Name → what is in force, after `prepare_process`."""
    waiting = ", ".join(f"{name}={environment[name]}" for name in OF_WAITING if name in environment)
    kept = (
        "kept for reuse (glibc)" if _memory_is_ours(environment) else "as the environment says, or the C library's way"
    )
    return {"waiting threads": waiting, "freed memory": kept}


def _memory_is_ours(environment: MutableMapping[str, str]) -> bool:
    """Whether malloc is glibc's, and the user has not set it."""
    if any(environment.get(name) for name in OF_MEMORY) or "glibc.malloc" in environment.get("GLIBC_TUNABLES", ""):
        return False
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    return False

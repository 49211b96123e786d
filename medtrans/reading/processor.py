"""Name of the processor, as the system tells it."""

from __future__ import annotations

import contextlib
import platform
from pathlib import Path

from medtrans.core.printable import printable

PROCESSORS = Path("/proc/cpuinfo")


def processor_name() -> str:
    """Model of the processor; its architecture where the system does not say more."""
    with contextlib.suppress(OSError, ValueError):
        for line in PROCESSORS.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return printable(" ".join(value.split()))
    return platform.processor() or platform.machine()

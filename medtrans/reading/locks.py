"""Lock of a folder or file among processes. The system releases it when its process ends, however it ends.

Locks of flock(2), which NFS passes on to its server. Where the system has none (Windows), nothing is locked.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused

RETRY_SECONDS = 0.02


@contextlib.contextmanager
def locked(path: Path, what: str, advice: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of the file `path`, which is made and stays; it names the process that holds it.

    Raises EnvironmentRefused(path, `what` and who holds it, `advice`) if another process still holds it after the wait.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "check the permissions of the folder") from None
    with os.fdopen(number, "r+") as file:
        if not wait_for_lock(file.fileno(), wait_seconds):
            raise EnvironmentRefused(path.parent, f"{what} ({file.read(200).strip() or 'unknown'})", advice)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield


def wait_for_lock(number: int, wait_seconds: float) -> bool:
    """Whether the lock of an open file could be taken, or there are no locks; it is held until the file is closed."""
    deadline = time.monotonic() + wait_seconds
    while take_lock(number) is False:
        if time.monotonic() >= deadline:
            return False
        time.sleep(RETRY_SECONDS)
    return True


def take_lock(number: int) -> bool | None:
    """Whether this process now holds the lock of an open file; None where the system or its files have no locks."""
    try:
        system = importlib.import_module("fcntl")
        system.flock(number, system.LOCK_EX | system.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True

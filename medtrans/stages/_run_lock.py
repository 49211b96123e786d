"""Lock of a run folder: one command works in it at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from medtrans.reading.locks import locked
from medtrans.runs import RunFolder
from medtrans.training.processes import is_first_process


@contextlib.contextmanager
def run_lock(run: RunFolder) -> Iterator[None]:
    """Hold the lock of a run folder, for all processes of a parallel training. Raises EnvironmentRefused."""
    if not is_first_process():
        yield
        return
    existed = run.path.exists()
    advice = "wait for it, or give another --folder"
    with locked(run.lock, "is the folder of a run that is still working", advice):
        try:
            yield
        finally:
            _remove_unused(run, existed)


def _remove_unused(run: RunFolder, existed: bool) -> None:
    """A run that was refused before it wrote anything leaves nothing behind."""
    with contextlib.suppress(OSError):
        if list(run.path.iterdir()) == [run.lock]:
            run.lock.unlink()
            if not existed:
                run.path.rmdir()

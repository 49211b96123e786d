"""Lock of a run folder: one command works in it at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from medtrans.reading.locks import locked
from medtrans.runs import RunFolder
from medtrans.training.processes import is_first_process


@contextlib.contextmanager
def run_lock(run: RunFolder) -> Iterator[None]:
    """Hold the lock of a run folder, for all processes of a parallel training. Raises EnvironmentRefused."""
    if not is_first_process():
        yield
        return
    new = [folder for folder in (run.path, *run.path.absolute().parents) if not folder.exists()]
    advice = "wait for it, or give another --folder"
    with locked(run.lock, "is the folder of a run that is still working", advice):
        try:
            yield
        finally:
            _remove_unused(run, new)


def _remove_unused(run: RunFolder, new: Sequence[Path]) -> None:
    """A run that was refused before it wrote anything leaves nothing behind, and none of the `new` folders."""
    with contextlib.suppress(OSError):
        if list(run.path.iterdir()) == [run.lock]:
            run.lock.unlink()
            for folder in new:
                folder.rmdir()

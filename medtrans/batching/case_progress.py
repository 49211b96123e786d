"""Progress of the cases of a batch, one after another or side by side: count, fraction of the batch and time left."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from medtrans.batching.plan import Job
from medtrans.batching.time_left import TimeLeft
from medtrans.core.progress import ProgressCallback

STAGE = "translating"


class CaseProgress:
    """Reports of several threads become calls of `on_progress`, one after another."""

    def __init__(self, jobs: Sequence[Job], on_progress: ProgressCallback) -> None:
        self._jobs, self._on_progress, self._clock = jobs, on_progress, TimeLeft(len(jobs))
        self._running: dict[int, float] = {}
        self._lock = threading.Lock()

    def report(self, number: int, fraction: float) -> None:
        """So much of a case is done."""
        with self._lock:
            self._running[number] = fraction
            self._say(number)

    def finish(self, number: int, *, worked: bool) -> None:
        """A case is finished; `worked` as in TimeLeft."""
        with self._lock:
            self._running.pop(number, None)
            self._clock.finish(worked=worked)
            self._say(number)

    def _say(self, number: int) -> None:
        name, count = self._jobs[number].name, len(self._jobs)
        text = f"{number + 1}/{count} {name}" if count > 1 else name
        self._on_progress(STAGE, text, *self._clock.at(sum(self._running.values())))

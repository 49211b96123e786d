"""Processes executor: this process and further ones of the same machine translate the jobs of one batch.

Each takes the next job when it is free. A job whose process ended, or that found no memory beside the others, is
translated once more when all others are done, alone. The further processes are started before the models are loaded,
so that they load their libraries meanwhile; they are spawned, because a fork of a process with threads of torch hangs.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Self

from medtrans.batching.executors._executor import OnCase
from medtrans.batching.executors._worker import Worker, WorkerEnded
from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Job
from medtrans.core.errors import EnvironmentRefused

if TYPE_CHECKING:
    from medtrans.batching.translate_case import Batch

ADVICE = "see whether memory is short, and run it again with --resume, alone with --processes 1"


class Processes:
    """An Executor of `count` processes, this one included; a context in which the others live."""

    def __init__(self, count: int, main: Callable[[Connection], None]) -> None:
        """`main` is what the others run, with their end of a connection: at last `_serve.serve`."""
        self.count, self._main, self._stopped, self._lock = count, main, False, threading.Lock()
        self._workers: list[Worker] = []
        for _ in range(count - 1):
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._stopped = True
        for worker in self._workers:
            worker.ask_to_end()
        for worker in self._workers:
            worker.end()

    def run(self, batch: Batch, jobs: Sequence[Job], on_case: OnCase) -> Iterator[tuple[int, Outcome]]:
        shared = _Shared(batch, jobs, on_case)
        threads = [
            threading.Thread(target=self._keep_busy, args=(worker, shared), daemon=True) for worker in self._workers
        ]
        for thread in threads:
            thread.start()
        for number in iter(shared.take, None):
            yield from shared.sorted_out(number, batch.outcome(jobs[number], shared.report(number)))
            yield from shared.come()
        while any(thread.is_alive() for thread in threads) or not shared.outcomes.empty():
            yield from shared.come(wait_seconds=0.1)
        for number in shared.again:
            yield number, self._alone(number, shared)

    def _start(self) -> Worker:
        """Raises WorkerEnded where the executor is stopped."""
        with self._lock:
            if self._stopped:
                raise WorkerEnded("stopped")
            self._workers = [worker for worker in self._workers if worker.lives]
            worker = Worker(multiprocessing.get_context("spawn"), self._main)
            self._workers.append(worker)
            return worker

    def _keep_busy(self, worker: Worker, shared: _Shared) -> None:
        """Until there is no job, or no process starts any more."""
        with contextlib.suppress(WorkerEnded):
            worker.prepare(shared.batch)
            for number in iter(shared.take, None):
                try:
                    outcome = worker.outcome(shared.jobs[number], shared.report(number))
                    shared.outcomes.put((number, outcome))
                except WorkerEnded:
                    shared.again.append(number)
                    worker = self._start()
                    worker.prepare(shared.batch)

    def _alone(self, number: int, shared: _Shared) -> Outcome:
        """Of a job that is translated for the second time."""
        job, began = shared.jobs[number], time.monotonic()
        for worker in self._workers:
            worker.end()
        try:
            worker = self._start()
            worker.prepare(shared.batch)
            return worker.outcome(job, shared.report(number))
        except WorkerEnded as reason:
            what = f"the process that translated it ended twice, at last {reason}"
            return failed_outcome(job, EnvironmentRefused(job.sources[0], what, ADVICE), began)


class _Shared:
    """What the threads of a batch share: the jobs that are left, and the outcomes that have come."""

    def __init__(self, batch: Batch, jobs: Sequence[Job], on_case: OnCase) -> None:
        self.batch, self.jobs = batch, jobs
        self.outcomes: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self.again: list[int] = []
        """Jobs that are translated once more."""
        self._left = deque(range(len(jobs)))
        self._on_case = on_case

    def take(self) -> int | None:
        """The number of the next job."""
        with contextlib.suppress(IndexError):
            return self._left.popleft()
        return None

    def report(self, number: int) -> Callable[[float], None]:
        """The callback of a job, which begins."""
        self._on_case(number, 0.0)
        return functools.partial(self._on_case, number)

    def come(self, wait_seconds: float = 0.0) -> Iterator[tuple[int, Outcome]]:
        """The outcomes of other processes since."""
        with contextlib.suppress(queue.Empty):
            while True:
                number, outcome = (
                    self.outcomes.get(timeout=wait_seconds) if wait_seconds else self.outcomes.get_nowait()
                )
                yield from self.sorted_out(number, outcome)

    def sorted_out(self, number: int, outcome: Outcome) -> Iterator[tuple[int, Outcome]]:
        """The outcome, unless the job found no memory beside the others."""
        if outcome.verdict == "failed" and getattr(outcome.error, "code", "") == "out-of-memory":
            self.again.append(number)
            return
        yield number, outcome

"""Dask executor: the workers of a Dask cluster translate the jobs of one batch; see https://distributed.dask.org

A cluster on this machine, or one that a scheduler is known of, whose workers have the same file system and the same
medtrans. Dask gives the jobs of a worker that ended to another one.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from medtrans.batching.executors._executor import OnCase
from medtrans.batching.executors._serve import sendable
from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Job
from medtrans.core.errors import EnvironmentRefused

if TYPE_CHECKING:
    from medtrans.batching.translate_case import Batch

ADVICE = (
    "pip install 'medtrans[dist]'; without internet: pip download distributed -d wheels where there is, "
    "then pip install --no-index --find-links wheels distributed here; or leave out --executor"
)
CONNECT_SECONDS = 20
QUEUED = 1000
"""Jobs that the scheduler holds at a time, some kilobytes each: more than workers, and few for 100,000 volumes."""


class Dask:
    """An Executor; a context in which the cluster is connected, and lives where it is on this machine."""

    def __init__(self, count: int, scheduler: str | None = None) -> None:
        """`count` workers on this machine, or those of the `scheduler`. Raises EnvironmentRefused."""
        if importlib.util.find_spec("distributed") is None:
            raise EnvironmentRefused("--executor dask", "needs the package distributed, which is not installed", ADVICE)
        distributed: Any = importlib.import_module("distributed")
        self._as_completed, self._where = distributed.as_completed, scheduler or "a Dask cluster here"
        try:
            self._cluster = None if scheduler else _local_cluster(distributed, count)
            self._client = distributed.Client(scheduler or self._cluster, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, RuntimeError) as reason:
            what = f"cannot be reached ({' '.join(str(reason).split()) or type(reason).__name__})"
            raise EnvironmentRefused(self._where, what, "see that it runs") from reason

    @property
    def count(self) -> int:
        """Number of workers."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def run(self, batch: Batch, jobs: Sequence[Job], on_case: OnCase) -> Iterator[tuple[int, Outcome]]:
        began, left = time.monotonic(), iter(enumerate(jobs))
        futures = {self._submit(batch, job): number for number, job in itertools.islice(left, QUEUED)}
        completed = self._as_completed(futures)
        for future in completed:
            number = futures.pop(future)
            for following, job in itertools.islice(left, 1):
                futures[added := self._submit(batch, job)] = following
                completed.add(added)
            on_case(number, 1.0)
            yield number, self._outcome_of(future, jobs[number], began)

    def _submit(self, batch: Batch, job: Job) -> Any:
        return self._client.submit(_outcome, batch, job, pure=False)

    def _outcome_of(self, future: Any, job: Job, began: float) -> Outcome:
        """Failed where its workers ended. Raises EnvironmentRefused where the scheduler did."""
        try:
            if not isinstance(reason := future.exception(), Exception):
                outcome: Outcome = future.result()
                return outcome
        except (OSError, CancelledError) as lost:
            advice = "finished cases are kept; see that it runs, then run the same command with --resume"
            raise EnvironmentRefused(self._where, "is not reached any more", advice) from lost
        what = f"its workers ended, or did not answer ({type(reason).__name__})"
        return failed_outcome(job, EnvironmentRefused(job.sources[0], what, "see whether memory is short"), began)


def _local_cluster(distributed: Any, count: int) -> Any:
    """Reached from this machine alone; a worker has no limit of memory of its own, and one thread for jobs."""
    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit=0
    )


def _outcome(batch: Batch, job: Job) -> Outcome:
    """In a worker."""
    return sendable(batch.outcome(job, lambda _: None))

"""Serial executor: this process, one job after the other."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from medtrans.batching.executors._executor import OnCase

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome
    from medtrans.batching.plan import Job
    from medtrans.batching.translate_case import Batch


class Serial:
    """An Executor without further processes."""

    def run(self, batch: Batch, jobs: Sequence[Job], on_case: OnCase) -> Iterator[tuple[int, Outcome]]:
        for number, job in enumerate(jobs):
            on_case(number, 0.0)
            yield number, batch.outcome(job, functools.partial(on_case, number))

"""Executor: has the jobs of a batch translated, by whomever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome
    from medtrans.batching.plan import Job
    from medtrans.batching.translate_case import Batch

OnCase = Callable[[int, float], None]
"""Called with the number of a job and the fraction of it that is done; from several threads."""


class Executor(Protocol):
    """Each job is translated once, in any order."""

    def run(self, batch: Batch, jobs: Sequence[Job], on_case: OnCase) -> Iterator[tuple[int, Outcome]]:
        """Number and outcome of each job, as they come. What is wrong with one case becomes its outcome."""
        ...

"""Further process of a batch, as seen from the first one."""

from __future__ import annotations

import multiprocessing.context
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome
    from medtrans.batching.plan import Job
    from medtrans.batching.translate_case import Batch

END_SECONDS = 10.0
"""For a process to remove what it has half written."""


class WorkerEnded(Exception):
    """The process has ended, or its start has failed: how."""


class Worker:
    """A process that translates jobs one after the other."""

    def __init__(self, context: multiprocessing.context.SpawnContext, main: Callable[[Connection], None]) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs,))
        self._process.start()
        theirs.close()
        self._busy = False

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def prepare(self, batch: Batch) -> None:
        """Have it load the models of a batch. Raises WorkerEnded."""
        self._ask(batch)
        self._answer()

    def outcome(self, job: Job, on_progress: Callable[[float], None]) -> Outcome:
        """Of a job of that batch. Raises WorkerEnded."""
        self._busy = True
        self._ask(job)
        while isinstance(answer := self._answer(), float):
            on_progress(answer)
        self._busy = False
        outcome: Outcome = answer
        return outcome

    def ask_to_end(self) -> None:
        """At once where it does nothing; else it removes first what it has half written."""
        if self._busy:
            self._process.terminate()
        else:
            self._process.kill()

    def end(self) -> None:
        """Wait for its end."""
        self.ask_to_end()
        self._process.join(END_SECONDS)
        self._process.kill()
        self._process.join()

    def _ask(self, question: Any) -> None:
        try:
            self._connection.send(question)
        except OSError:
            raise WorkerEnded(self._how()) from None

    def _answer(self) -> Any:
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            raise WorkerEnded(self._how()) from None

    def _how(self) -> str:
        self._process.join(END_SECONDS)
        code = self._process.exitcode
        return "without an answer" if code is None else f"by signal {-code}" if code < 0 else f"with exit code {code}"

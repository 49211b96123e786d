"""What a further process of a batch does: it gets the batch, with which it loads the models, then job after job."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from medtrans.batching.outcome import Outcome
from medtrans.core.errors import MedtransError

if TYPE_CHECKING:
    from medtrans.batching.translate_case import Batch

READY = 0.0
"""Answer when the models are loaded. The other answers are the fraction of a job that is done, and its outcome."""


def serve(connection: Connection) -> None:
    """Until the other end is closed. Raises ModelRefused, EnvironmentRefused where the models cannot be loaded."""

    def report(done: float) -> None:
        with contextlib.suppress(OSError):  # The first process has ended, which is no fault of the case.
            connection.send(done)

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        batch: Batch = connection.recv()
        connection.send(READY)
        while True:
            job = connection.recv()
            connection.send(sendable(batch.outcome(job, report)))


def sendable(outcome: Outcome) -> Outcome:
    """Without an error of another library, which may not be pickled."""
    return outcome if isinstance(outcome.error, MedtransError) else replace(outcome, error=None)

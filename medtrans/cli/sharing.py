"""Sharing out of a batch among processes of this machine, as the options of a command say, or by default."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from medtrans.cli.libraries import use_threads
from medtrans.cli.log import LOGGER
from medtrans.cli.process import THREADS, processors
from medtrans.core.errors import UsageError
from medtrans.core.log import NOTE

if TYPE_CHECKING:
    from medtrans.batching.executors.choice import Choice
    from medtrans.batching.executors.dask import Dask
    from medtrans.batching.executors.processes import Processes

GPU = Path("/dev/nvidiactl")
EXECUTORS = ("processes", "dask")
DASK_LOGGERS = ("distributed", "distributed.client")


@dataclass(frozen=True)
class Asked:
    """What the options of a command say."""

    is_batch: bool
    """Whether several cases may be given, be it that there is only one."""
    models: Sequence[str]
    device: str
    threads: int | None
    processes: int | None
    executor: str
    scheduler: str | None
    parts: int | None
    """Of a batch that several commands share, maybe on this machine; or tasks of an array."""
    array: Sequence[str] | None
    """The words of this command, where a script for an array of SLURM is to be printed."""


Cases = Sequence[Sequence[Path]]
"""The volumes of each case."""


@contextlib.contextmanager
def executor_of(cases: Cases, asked: Asked) -> Iterator[Processes | Dask | None]:
    """Processes that share the cases of a batch; None, and all threads for this one, where that is the best.

    Started before torch is loaded, so that all of them load it at once. For an array of SLURM, its script is printed
    instead, and the command ends. Raises UsageError, EnvironmentRefused, typer.Exit.
    """
    if asked.array is not None:
        print(_array_script(asked.array, cases, asked), end="")
        raise typer.Exit
    _refuse_unknown(asked)
    choice = _choice(cases, asked) if asked.is_batch and cases else None
    if choice is None or (choice.processes == 1 and asked.executor == "processes"):
        use_threads(asked.threads)
        yield None
        return
    os.environ[THREADS] = str(choice.threads)
    with _started(choice, asked) as shared:
        use_threads(choice.threads)
        yield shared


def _refuse_unknown(asked: Asked) -> None:
    if asked.executor not in EXECUTORS:
        raise UsageError(f"--executor {asked.executor}", "is not an executor", f"give {' or '.join(EXECUTORS)}")
    if asked.scheduler and asked.executor != "dask":
        raise UsageError(f"--scheduler {asked.scheduler}", "is for Dask", "add --executor dask")
    if not asked.is_batch and (asked.executor == "dask" or (asked.processes or 1) > 1):
        option = "--executor dask" if asked.executor == "dask" else f"--processes {asked.processes}"
        raise UsageError(option, "one case is not shared out among processes", "leave it out, or give a folder")


def _started(choice: Choice, asked: Asked) -> Processes | Dask:
    """Ctrl-C, which a terminal sends to all processes, is left to this one."""
    from medtrans.batching.executors.dask import Dask
    from medtrans.batching.executors.processes import Processes
    from medtrans.cli.worker import work

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Which new processes inherit.
    try:
        if asked.executor == "dask":
            shared = Dask(choice.processes, asked.scheduler)
            for name in DASK_LOGGERS:
                logging.getLogger(name).setLevel(logging.CRITICAL)  # The outcomes of the cases say what concerns them.
            LOGGER.log(NOTE, f"the batch is shared by {shared.count} workers of Dask")
            return shared
        LOGGER.log(NOTE, f"the batch is shared by {choice.sentence}")
        return Processes(choice.processes, work)
    finally:
        signal.signal(signal.SIGINT, before)


def _array_script(words: Sequence[str], cases: Cases, asked: Asked) -> str:
    """For sbatch: the words of this command in each task. Raises UsageError."""
    from medtrans.batching.executors.choice import process_bytes
    from medtrans.batching.executors.slurm import array_script

    if not asked.is_batch:
        raise UsageError("--slurm", "one case is not shared out among tasks", "leave it out, or give a folder")
    words = _without(words, "--slurm", "--num-parts")
    needed = process_bytes([path for case in cases for path in case], asked.models)
    return array_script(words, len(cases), needed, tasks=asked.parts, processors=asked.processes)


def _without(words: Sequence[str], flag: str, option: str) -> list[str]:
    """Words of a command without a flag, and without an option and its value."""
    kept, words = [], list(words)
    for number, word in enumerate(words):
        is_value = number > 0 and words[number - 1] == option
        if word not in (flag, option) and not is_value and not word.startswith(f"{option}="):
            kept.append(word)
    return kept


def default_choice() -> str:
    """What is chosen for a folder of many volumes of usual size, in words."""
    from medtrans.batching.executors.choice import choose, process_bytes
    from medtrans.reading.memory import free_bytes

    return choose(processors(), processors(), process_bytes([], []), free=free_bytes()).sentence


def _choice(cases: Cases, asked: Asked) -> Choice:
    from medtrans.batching.executors.choice import choose, process_bytes
    from medtrans.reading.memory import free_bytes

    processes, device = asked.processes, asked.device
    if processes is None and (asked.parts or device not in ("auto", "cpu") or (device == "auto" and GPU.exists())):
        processes = 1
    needed = process_bytes([path for case in cases for path in case], asked.models)
    return choose(len(cases), asked.threads or processors(), needed, free=free_bytes(), processes=processes)

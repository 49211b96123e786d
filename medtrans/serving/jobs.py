"""Jobs of the local page, one at a time: a temporary folder, a worker process, and what it has said so far.

| state | meaning |
|---|---|
| idle | nothing is here |
| running | the worker translates; another volume has to wait |
| done, failed | until it is forgotten, or the next volume comes |
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from medtrans.core.errors import UsageError
from medtrans.reading.names import SERIES, sidecar_path, stem, uncertainty_path
from medtrans.reading.temporary_files import temporary_folder

PAGE = "page.html"
"""As `stages.translate_page` names it, which loads torch."""
MAX_LINE = 1 << 20
"""Bytes of one line of the worker."""


class Busy(UsageError):
    """A volume has to wait for the one before it."""


class Jobs:
    """At most one job. `keep` is a folder that keeps results; None keeps none."""

    def __init__(self, device: str, keep: Path | None) -> None:
        self.device, self.keep = device, keep
        self.root = Path()
        """The folder of the job: its volume, and its translation unless it is kept."""
        self._folder = ExitStack()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.busy = False
        """Whether a volume is received or translated."""
        self._clear()

    def _clear(self) -> None:
        facts: dict[str, Any] = {"state": "idle", "name": "", "model": "", "text": "", "done": 0.0, "error": ""}
        self.state = {**facts, "findings": [], "output": "", "seconds": 0.0}
        self.results: Path | None = None

    @contextlib.asynccontextmanager
    async def place(self, name: str) -> AsyncIterator[Path]:
        """The path to which a volume of that name is written before `start`; the job before it is forgotten.

        Raises Busy while another one is received or translated.
        """
        if self.busy:
            raise Busy(name, "has to wait: another volume is being translated", "wait for it, or stop it")
        self.busy = True
        try:
            self.forget()
            self.root = self._folder.enter_context(temporary_folder())
            (self.root / "in").mkdir()
            self.results = self.root / "out" if self.keep is None else self._kept(name)
            self.results.mkdir(parents=True)
            yield self.root / "in" / name
        except BaseException:
            self.busy = False
            self._remove()
            self._clear()
            raise

    def _kept(self, name: str) -> Path:
        """A new folder in `keep`."""
        assert self.keep is not None
        numbers = (f"{stem(Path(name))}{f'-{n}' if n else ''}" for n in range(10_000))
        return next(self.keep / text for text in numbers if not os.path.lexists(self.keep / text))

    async def start(self, source: Path, model: str, folders: Sequence[str], *, anonymous: bool = False) -> None:
        """Begin to translate a volume that `place` gave, by the model of that name and of these folders.

        `anonymous` leaves the identity out of a DICOM series.
        """
        assert self.results is not None
        self.state |= {"state": "running", "name": source.name, "model": model, "text": "loading the model"}
        job = {"source": str(source), "folder": str(self.results), "models": list(folders), "device": self.device}
        words = json.dumps({**job, "anonymous": anonymous})
        environment = {**os.environ, "TMPDIR": str(self.root)}  # What a killed worker leaves goes with the job.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "medtrans.serving.worker", words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=MAX_LINE,
            start_new_session=True, env=environment,
        )  # fmt: skip
        self._task = asyncio.create_task(self._follow(self._process))

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Read what the worker prints until it ends."""
        answered, began = False, time.monotonic()
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                facts = json.loads(line)
                answered = answered or "error" in facts
                self.state |= {key: value for key, value in facts.items() if value is not None}
        except ValueError:
            process.kill()
        code = await process.wait()
        if not self.state["error"] and not answered:
            ended = f"signal {-code}" if code < 0 else f"exit code {code}"
            what = f"its translation was ended ({ended}) before it was done, and nothing of it is left"
            self.state["error"] = f"{self.state['name']}: {what}; see whether memory is short, then translate it again"
        self.state["seconds"] = time.monotonic() - began
        self.state |= {"state": "failed", "done": 0.0} if self.state["error"] else {"state": "done", "done": 1.0}
        if self.state["state"] == "failed":
            self._remove()
        self.busy = False

    def files(self) -> dict[str, Path]:
        """What can be fetched: kind → file, of a DICOM series the folder."""
        if self.state["state"] != "done" or self.results is None:
            return {}
        volume = self.results / self.state["output"]
        beside = {"uncertainty": uncertainty_path(volume), "sidecar": sidecar_path(volume)}
        series = {"dicom": volume.with_name(stem(volume) + SERIES), "page": self.results / PAGE}
        return {kind: path for kind, path in ({"volume": volume} | beside | series).items() if path.exists()}

    async def stop(self) -> None:
        """End the worker, if one works."""
        if self._process is not None and self._task is not None and self._process.returncode is None:
            self.state["error"] = "stopped; nothing of it is left"
            self._process.kill()
            await self._task

    def forget(self) -> None:
        """Remove the volume and its translation; what was kept stays."""
        self._folder.close()
        self._clear()

    def _remove(self) -> None:
        """Remove all files of a job that failed, also where results are kept."""
        if self.results is not None:
            shutil.rmtree(self.results, ignore_errors=True)
        self._folder.close()
        self.results = None

    async def close(self) -> None:
        """Stop and forget."""
        await self.stop()
        self.forget()

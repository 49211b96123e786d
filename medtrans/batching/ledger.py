"""Ledger of a batch: a log in the output folder, to which one line of JSON is appended for each event of a case.

A case counts as done when its last line says so and input, model and files still have the hashes of that line; that a
file exists proves nothing. "begun" is logged with the hashes of the new files before they get their names: so an
interrupted run recognises its own files, and never mistakes another file for one of them. Lines are only appended and
flushed to disk, never rewritten. The last line about an output counts; a line cut short by a power cut is ignored.
Commands that share a folder (`part`) append to one file each and read all of them. Two commands with one ledger append
in turn: each holds its lock while it gives files their names.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.reading.locks import wait_for_lock
from medtrans.reading.storage import opened, size_of

MAX_LEDGER_BYTES = 1 << 30
"""Read at a time: about 500,000 cases."""
WAIT_SECONDS = 120.0
"""For another command that gives files their names, which takes it milliseconds."""
Verdict = Literal["begun", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event of one case. Hashes are SHA-256 in hexadecimal; that of the model is the hash of its config.json."""

    case: str
    output: str
    """Name of the output file; with its folder below that of the ledger, where the tree of the inputs is kept."""
    input_sha256: str
    model_sha256: str
    settings: dict[str, object]
    """Settings of the translation, and the conditions of the case."""
    output_sha256: str = ""
    beside: dict[str, str] = field(default_factory=dict)
    """Name → hash of the further volumes of the case: its standard deviation."""
    part: str = ""
    """Of an array of commands: the numbers of its first and its last task, "0-7"."""
    batch: str = ""
    """Random number of the batch, of one or more processes, that wrote the line."""
    verdict: Verdict
    message: str = ""
    time: str
    """When the line was written: UTC, ISO 8601."""

    def same_origin(self, other: Line) -> bool:
        """Whether input, model and settings are equal."""
        names = ("input_sha256", "model_sha256", "settings")
        return all(getattr(self, name) == getattr(other, name) for name in names)


class Ledger:
    """The last line about every output, from all ledgers of a folder; new lines go to the ledger of this part."""

    def __init__(self, folder: Path, part: tuple[int, int] = (0, 1)) -> None:
        number, count = self.part = part
        self.path = folder / (f"ledger-{number}-of-{count}.jsonl" if count > 1 else "ledger.jsonl")
        self.lines: dict[str, Line] = {}
        self._settings: dict[str, object] = {}
        self.hashes: dict[str, set[str]] = {}
        """Name of a file → every hash that it had when one of the commands wrote it."""
        self._read: dict[Path, int] = dict.fromkeys(folder.glob("ledger*.jsonl"), 0) if folder.is_dir() else {}
        self.refresh()

    def __getitem__(self, output: str) -> Line | None:
        """The last line about an output."""
        return self.lines.get(output)

    def refresh(self) -> None:
        """Read the lines that other commands have added since. Raises EnvironmentRefused where they are too many."""
        for path in sorted({*self._read, self.path}):
            begin = self._read.get(path, 0)
            text = _bytes_from(path, begin)
            self._read[path] = begin + text.rfind(b"\n") + 1  # A last line that is cut short is read again.
            for line in filter(None, map(_parsed, io.BytesIO(text))):
                self._take(line)

    def wrote(self, name: str, sha256: str) -> bool:
        """Whether a command wrote a file of that name with that content."""
        return sha256 in self.hashes.get(name, ())

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this ledger among commands, and read what others added. Raises EnvironmentRefused."""
        with self._reasons():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if not wait_for_lock(number, WAIT_SECONDS):
                what = "is the ledger of another command, which does not answer"
                raise EnvironmentRefused(self.path, what, "end that command, or give another output folder")
            self.refresh()
            yield
        finally:
            os.close(number)

    def add(self, line: Line) -> None:
        """Append `line` and flush it to disk. Raises EnvironmentRefused."""
        with self._reasons():
            _append(self.path, json.dumps(asdict(line)).encode() + b"\n")
        self._take(line)

    def _take(self, line: Line) -> None:
        for name, sha256 in ((line.output.rpartition("/")[2], line.output_sha256), *line.beside.items()):
            if sha256:
                self.hashes.setdefault(name, set()).add(sha256)
        if line.output not in self.lines or self.lines[line.output].time <= line.time:
            if line.settings == self._settings:
                line = replace(line, settings=self._settings)  # One object for all lines, of 100,000 or more.
            self._settings, self.lines[line.output] = line.settings, line

    @contextlib.contextmanager
    def _reasons(self) -> Iterator[None]:
        try:
            yield
        except OSError as reason:
            what = f"the ledger cannot be written ({reason.strerror or reason})"
            raise EnvironmentRefused(self.path, what, "free space or choose another output folder") from reason


def _append(path: Path, line: bytes) -> None:
    """One write at the end of the file. A line that was cut short is ended first, so that it spoils no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        size = os.fstat(file).st_size
        if size:
            os.lseek(file, size - 1, os.SEEK_SET)
            line = line if os.read(file, 1) == b"\n" else b"\n" + line
        written = os.write(file, line)
        if written < len(line):
            raise OSError(None, "the disk is full")
        os.fsync(file)
    finally:
        os.close(file)


def _bytes_from(path: Path, begin: int) -> bytes:
    """The bytes of a ledger from a place on; what cannot be read is left out, since it proves nothing.

    Raises EnvironmentRefused where they are too many: without them, what is done would be done again.
    """
    try:
        size = size_of(path) - begin
    except (InputRefused, EnvironmentRefused):
        return b""
    if size > MAX_LEDGER_BYTES:
        what = f"is a ledger of {size / 1e9:.1f} GB, and at most {MAX_LEDGER_BYTES / 1e9:.1f} GB are read"
        advice = "give the cases that are left another output folder (--pattern, --from-list)"
        raise EnvironmentRefused(path, what, advice)
    if size <= 0:
        return b""
    try:
        with opened(path) as file:
            file.seek(begin)
            data: bytes = file.read(size)  # A number takes memory at once, be the file shorter.
            return data
    except (InputRefused, EnvironmentRefused):
        return b""


def _parsed(text: bytes) -> Line | None:
    """None for what is not a line; lines of earlier versions lack what has a default."""
    try:
        values = json.loads(text.decode(errors="replace"))
        line = Line(**{each.name: values[each.name] for each in fields(Line) if each.name in values})
    except (ValueError, KeyError, TypeError):
        return None
    return line if isinstance(line.beside, dict) else None

"""Ledger of a batch: a log in the output folder, to which one line of JSON is appended for each event of a case.

A case counts as done when its last line says so and input, model and output still have the hashes of that line; that a
file exists proves nothing. "begun" is logged before an output is written: so an interrupted run recognises its own
output, and never mistakes another file for it. Lines are only appended and flushed to disk, never rewritten. The last
line about an output counts; a line cut short by a power cut is ignored. Commands that share a folder (`part`) append
to one file each and read all of them.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.reading.storage import read_bytes

MAX_LEDGER_BYTES = 1 << 30
Verdict = Literal["begun", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event of one case. Hashes are SHA-256 in hexadecimal; that of the model is the hash of its config.json."""

    case: str
    output: str
    """Name of the output file."""
    input_sha256: str
    model_sha256: str
    settings: dict[str, object]
    """Settings of the translation, and the conditions of the case."""
    output_sha256: str = ""
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
        number, count = part
        self.path = folder / (f"ledger-{number}-of-{count}.jsonl" if count > 1 else "ledger.jsonl")
        self.lines: dict[str, Line] = {}
        for path in sorted(folder.glob("ledger*.jsonl")) if folder.is_dir() else []:
            for line in _last_lines(path).values():
                if line.output not in self.lines or self.lines[line.output].time <= line.time:
                    self.lines[line.output] = line

    def __getitem__(self, output: str) -> Line | None:
        """The last line about an output."""
        return self.lines.get(output)

    def add(self, line: Line) -> None:
        """Append `line` and flush it to disk. Raises EnvironmentRefused."""
        try:
            _append(self.path, json.dumps(asdict(line)).encode() + b"\n")
        except OSError as reason:
            what = f"the ledger cannot be written ({reason.strerror or reason})"
            raise EnvironmentRefused(self.path, what, "free space or choose another output folder") from reason
        self.lines[line.output] = line


def now() -> str:
    """UTC, ISO 8601, with microseconds: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


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


def _last_lines(path: Path) -> dict[str, Line]:
    """The last readable line about each output; what cannot be read is left out, since it proves nothing."""
    try:
        text = read_bytes(path, MAX_LEDGER_BYTES).decode(errors="replace")
    except InputRefused:
        return {}
    lines = [line for line in map(_parsed, text.split("\n")) if line]
    return {line.output: line for line in lines}


def _parsed(text: str) -> Line | None:
    try:
        values = json.loads(text)
        return Line(**{each.name: values[each.name] for each in fields(Line)})
    except (ValueError, KeyError, TypeError):
        return None

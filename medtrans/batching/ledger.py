"""The ledger of a batch: one line of JSON per case, in the folder of the outputs. Done is proved, not `isfile`.

A case is done when its line says so and input, model and output still have the hashes written there. Before an
output is written, its line says "begun": so a killed run recognises its own output, and never takes another's for it.
Several commands that share a folder (`part`) keep a ledger each, and read all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from medtrans.core.errors import InputRefused
from medtrans.reading.files import read_bytes, write_atomically

LARGEST_LEDGER = 1 << 28
Verdict = Literal["begun", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What became of one case. Hashes are SHA-256 in hexadecimal, of files; the model's is that of its config.json."""

    case: str
    output: str
    """Name of the output file."""
    input_sha256: str
    model_sha256: str
    settings: dict[str, object]
    """How the model was led over the volume."""
    output_sha256: str = ""
    verdict: Verdict
    message: str = ""
    time: str
    """When this line was written: UTC, ISO 8601."""

    def has_the_origin_of(self, other: Line) -> bool:
        """The same input, model and settings."""
        names = ("input_sha256", "model_sha256", "settings")
        return all(getattr(self, name) == getattr(other, name) for name in names)


class Ledger:
    """The last line of every case, in all ledgers of a folder; new lines go to the ledger of this part."""

    def __init__(self, folder: Path, part: tuple[int, int] = (0, 1)) -> None:
        number, of = part
        self.path = folder / (f"ledger-{number}-of-{of}.jsonl" if of > 1 else "ledger.jsonl")
        self.own = _lines(self.path)
        self.lines: dict[str, Line] = {}
        for path in sorted(folder.glob("ledger*.jsonl")) if folder.is_dir() else []:
            for line in _lines(path).values():
                if line.output not in self.lines or self.lines[line.output].time <= line.time:
                    self.lines[line.output] = line

    def __getitem__(self, output: str) -> Line | None:
        """The last line about an output file."""
        return self.lines.get(output)

    def add(self, line: Line) -> None:
        """Write `line`, in place of an earlier one about the same output."""
        self.own[line.output] = self.lines[line.output] = line
        text = "".join(json.dumps(asdict(each)) + "\n" for each in self.own.values())
        write_atomically(self.path, text.encode())


def now() -> str:
    """UTC, ISO 8601, with microseconds: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _lines(path: Path) -> dict[str, Line]:
    """The lines of a ledger by output. What cannot be read (a last line cut short) proves nothing and is left out."""
    if not path.exists():
        return {}
    try:
        text = read_bytes(path, LARGEST_LEDGER).decode(errors="replace")
    except InputRefused:
        return {}
    lines = [line for line in map(_line, text.splitlines()) if line]
    return {line.output: line for line in lines}


def _line(text: str) -> Line | None:
    try:
        values = json.loads(text)
        return Line(**{each.name: values[each.name] for each in fields(Line)})
    except (ValueError, KeyError, TypeError):
        return None

"""Journal of a training: a table of named numbers for each logged step, written whole each time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

from medtrans.core.errors import InputRefused
from medtrans.core.tables import to_csv
from medtrans.reading.storage import read_bytes, write_atomically

Row = dict[str, float]
MAX_JOURNAL_BYTES = 1 << 30
RESTORE = "copy it back from where it was complete, or remove checkpoints/ of the run to train from the start"


class Journal:
    """Rows of journal.csv. Columns are `step`, `seconds`, `learning_rate`, `player/term` and `validation/metric`."""

    def __init__(self, path: Path, up_to: int = 0, sha256: str | None = None) -> None:
        """Begin with the rows of `path`, if it exists, up to step `up_to`. Raises InputRefused on another `sha256`."""
        self.path, self.taken_up = path, up_to
        self.rows = [row for row in read_journal(path) if row["step"] <= up_to] if path.exists() else []
        if sha256 not in (None, self.sha256):
            what = f"does not hold the rows that the training had at step {up_to}: it was cut, changed or removed"
            raise InputRefused(path, what, RESTORE)

    def add(self, step: int, **values: float) -> None:
        """Add `values` to the row of `step`."""
        if self.rows and self.rows[-1]["step"] == step:
            self.rows[-1].update(values)
        else:
            self.rows.append({"step": step, **values})

    def write(self) -> None:
        write_atomically(self.path, to_csv(self.rows))

    @property
    def sha256(self) -> str:
        """Of the rows so far: a checkpoint holds it, so that rows that were lost or changed are noticed."""
        rows = [sorted((name, float(value)) for name, value in row.items()) for row in self.rows]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def read_journal(path: Path) -> list[Row]:
    """Rows of a journal.csv, without empty cells. Raises InputRefused on what is no table of numbers by step."""
    try:
        table = csv.DictReader(io.StringIO(read_bytes(path, MAX_JOURNAL_BYTES).decode()), strict=True)
        rows = [{name: float(cell) for name, cell in row.items() if cell} for row in table]
        return [{**row, "step": int(row["step"])} for row in rows]
    except (ValueError, KeyError, TypeError, csv.Error) as reason:
        raise InputRefused(path, f"is damaged ({reason})", RESTORE) from reason

"""Journal of a training: a table of named numbers for each logged step, written whole each time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from medtrans.core.tables import to_csv
from medtrans.reading.storage import read_bytes, write_atomically

Row = dict[str, float]
MAX_JOURNAL_BYTES = 1 << 30


class Journal:
    """Rows of journal.csv. Columns are `step`, `seconds`, `learning_rate`, `player/term` and `validation/metric`."""

    def __init__(self, path: Path, up_to: int = 0) -> None:
        """Begin with the rows of `path`, if it exists, up to step `up_to`."""
        self.path, self.taken_up = path, up_to
        self.rows = [row for row in read_journal(path) if row["step"] <= up_to] if path.exists() else []

    def add(self, step: int, **values: float) -> None:
        """Add `values` to the row of `step`."""
        if self.rows and self.rows[-1]["step"] == step:
            self.rows[-1].update(values)
        else:
            self.rows.append({"step": step, **values})

    def write(self) -> None:
        write_atomically(self.path, to_csv(self.rows))


def read_journal(path: Path) -> list[Row]:
    """Rows of a journal.csv, without empty cells."""
    text = read_bytes(path, MAX_JOURNAL_BYTES).decode()
    return [
        {name: int(cell) if name == "step" else float(cell) for name, cell in row.items() if cell}
        for row in csv.DictReader(io.StringIO(text))
    ]

"""What happened, step by step: a table of named numbers, written whole each time, and what it says of convergence."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from medtrans.reading.storage import read_bytes, write_atomically

Row = dict[str, float]
LARGEST_JOURNAL = 1 << 30


class Journal:
    """Rows of journal.csv. Columns are `step`, `seconds`, `learning_rate`, `player/term` and `validation/metric`."""

    def __init__(self, path: Path, up_to: int = 0) -> None:
        """Take up the rows of `path`, if it is there, that are not later than step `up_to`."""
        self.path, self.taken_up = path, up_to
        self.rows = [row for row in read_journal(path) if row["step"] <= up_to] if path.exists() else []

    def add(self, step: int, **values: float) -> None:
        """Note `values` for `step`, beside what is noted for it already."""
        if self.rows and self.rows[-1]["step"] == step:
            self.rows[-1].update(values)
        else:
            self.rows.append({"step": step, **values})

    def write(self) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self.rows)
        write_atomically(self.path, text.getvalue().encode())


def read_journal(path: Path) -> list[Row]:
    """Rows of a journal.csv; empty cells are left out."""
    text = read_bytes(path, LARGEST_JOURNAL).decode()
    return [
        {name: int(cell) if name == "step" else float(cell) for name, cell in row.items() if cell}
        for row in csv.DictReader(io.StringIO(text))
    ]


def verdict(rows: list[Row], metric: str, direction: str) -> str:
    """One sentence: did the validation still improve by more than 2 % over the last quarter of the steps?"""
    seen = [(row["step"], row[metric]) for row in rows if metric in row]
    if len(seen) < 4:
        often = {0: "never measured", 1: "measured once"}.get(len(seen), f"measured {len(seen)} times")
        return f"Convergence is not assessable: {metric} was {often}, four times are needed."
    worth = (lambda value: value) if direction == "higher" else (lambda value: -value)
    last = seen[-1][0]
    early = [value for step, value in seen if step <= 0.75 * last]
    late = [value for step, value in seen if step > 0.75 * last]
    before, after = max(early or [seen[0][1]], key=worth), max(late, key=worth)
    gain = (worth(after) - worth(before)) / max(abs(before), 1e-12)
    if gain > 0.02:
        return f"Did not converge: {metric} still improved by {gain:.0%} over the last quarter ({last} steps in all)."
    if gain < -0.02:
        return f"Past its best: {metric} was {-gain:.0%} worse over the last quarter than before ({last} steps in all)."
    return f"Converged: {metric} changed by {gain:+.1%} over the last quarter ({last} steps in all)."

"""Tables as CSV and as aligned text: the one home of both."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from medtrans.core.printable import printable

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""Beginnings of a formula for a spreadsheet, in full width too."""
WIDE = 100_000
"""Characters a line may have; the terminal or the reader wraps, the table does not."""


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> bytes:
    """UTF-8 with one header line. `columns` default to the keys of the rows in their order of appearance.

    A cell that a row lacks is empty. Numbers are written by `repr`, so that they are read back bit for bit. Text that a
    spreadsheet would take for a formula, such as "=1+2" in a file's name, gets an apostrophe in front.
    """
    text = io.StringIO()
    names = list(columns) or _columns(rows)
    table = csv.writer(text, lineterminator="\n")
    table.writerow([_plain(name) for name in names])
    table.writerows([[_plain(row.get(name, "")) for name in names] for row in rows])
    return text.getvalue().encode()


def _plain(cell: Any) -> Any:
    """Text that begins as a formula is marked as text; a number, also in words such as "-1.5", is left as it is."""
    if not isinstance(cell, str):
        return cell
    cell = printable(cell)  # A row is one line for every reader, and a terminal shows what it is.
    if not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell


def text_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), *, left: Sequence[str] = (), header: bool = True
) -> str:
    """Lines of aligned columns for a terminal, without a line break at the end; empty where there is no column.

    Cells are words: numbers are formatted by the caller. The first column and those of `left` are aligned to the left,
    the others to the right.
    """
    heads = list(columns) or _columns(rows)
    if not heads:
        return ""
    table = Table(box=None, show_header=header, pad_edge=False, padding=(0, 1), header_style="", show_edge=False)
    for head in heads:
        table.add_column(_literal(head), justify="left" if head == heads[0] or head in left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_literal(row.get(head, "")) for head in heads))
    page = io.StringIO()
    Console(file=page, width=WIDE, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _literal(cell: Any) -> Text:
    """Brackets in a name such as dice[liver] are no markup, and its control characters are shown."""
    return Text(printable(str(cell)))

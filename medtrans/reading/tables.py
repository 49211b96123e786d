"""Table of cases: a CSV or TSV file with one case a line, paths relative to reading.root."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import cast, get_args

from medtrans.core.case import Case, Split
from medtrans.core.errors import InputRefused, MedtransError, UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.reading.names import session_of, stem, suffix_of
from medtrans.reading.storage import entries_of, read_bytes
from medtrans.reading.volumes import is_volume

LARGEST_TABLE_BYTES = 1 << 26
SUFFIXES = (".csv", ".tsv")
SEPARATORS = ",;\t"
ROLES = ("source", "target", "mask", "change", "lesion")
LONGEST_SCANNER = 100


def cases_in_table(root: Path, table: Path, conditions: Collection[str] = ()) -> list[Case]:
    """The cases in a table, in the order of its lines; of `conditions`, every cell must be a number or empty.

    Raises UsageError, InputRefused.
    """
    lines = _lines(table)
    absent = next((name for name in conditions if name not in lines[0]), None)
    if absent is not None:
        what = f"has no column {absent!r}, which preparing.conditions names"
        raise UsageError(table, what, did_you_mean(absent, filter(None, lines[0])))
    cases = [_case(root, line, f"{table}, line {number}", conditions) for number, line in enumerate(lines, start=2)]
    twice = _first_repeated(case.name for case in cases)
    if twice:
        what = f"contains the case {twice} twice"
        raise UsageError(table, what, "give each line its own name in a column `name`")
    return cases


def tables_in(folder: Path) -> dict[Path, list[str]]:
    """Tables in a folder whose first line names volumes → the columns that do, whatever they are called."""
    files = [path for path in sorted(entries_of(folder)) if path.suffix.lower() in SUFFIXES and path.is_file()]
    return {path: columns for path in files if (columns := _columns_of_volumes(folder, path))}


def is_of_cases(table: Path) -> bool:
    """Whether a table has the columns of a table of cases. Raises UsageError, InputRefused."""
    return _has_cases(_reader(table).fieldnames or [])


def _columns_of_volumes(folder: Path, table: Path) -> list[str]:
    try:
        first = next(_reader(table), {})
    except (MedtransError, csv.Error):
        return []
    return [name for name, text in first.items() if name and isinstance(text, str) and _names_volume(folder, text)]


def _names_volume(folder: Path, text: str) -> bool:
    path = folder / text.strip()
    return bool(suffix_of(path.name)) or (path.is_dir() and path != folder and is_volume(path))


def _has_cases(columns: Collection[str]) -> bool:
    return "subject" in columns and any(re.fullmatch(r"source(_\d+)?", column) for column in columns)


def _reader(table: Path) -> csv.DictReader[str]:
    """The lines of a table, whose header decides what separates the cells. Raises UsageError, InputRefused."""
    try:
        text = read_bytes(table, LARGEST_TABLE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(table, "is not text in UTF-8", "save it as CSV in UTF-8") from None
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
    with _csv_errors(table, reader):
        reader.fieldnames  # noqa: B018  the header is read here
    return reader


@contextmanager
def _csv_errors(table: Path, reader: csv.DictReader[str]) -> Iterator[None]:
    """Turns what csv cannot read into UsageError with its line."""
    try:
        yield
    except csv.Error as reason:
        raise UsageError(f"{table}, line {reader.line_num}", f"is not CSV ({reason})", "save it as CSV") from None


def _lines(table: Path) -> list[dict[str | None, str]]:
    """Column → cell of each line."""
    reader = _reader(table)
    columns = reader.fieldnames or []
    if not _has_cases(columns):
        what = f"has the columns {', '.join(columns)}; subject and source (or source_1 …) are needed"
        raise UsageError(table, what, "add the missing columns")
    doubled = _first_repeated(filter(None, columns))
    if doubled:
        raise UsageError(table, f"has two columns named {doubled!r}", "rename or remove one")
    with _csv_errors(table, reader):
        lines = list(reader)
    if not lines:
        raise UsageError(table, "has no rows", "add a case")
    return cast("list[dict[str | None, str]]", lines)


def _case(root: Path, line: Mapping[str | None, str], where: str, conditions: Collection[str]) -> Case:
    if None in line or None in line.values():
        raise UsageError(where, "has more or fewer cells than the table has columns", "correct the line")
    cells = {str(column): value.strip() for column, value in line.items()}
    subject, split = cells.pop("subject"), cells.pop("split", "") or None
    if not subject:
        raise UsageError(where, "has no subject", "fill the column subject")
    if split is not None and split not in get_args(Split):
        raise UsageError(where, f"has the split {split!r}", "choose from: " + ", ".join(get_args(Split)))
    files = {role: _files(root, cells, role, where) for role in ROLES}
    name = cells.pop("name", "") or (stem(files["source"][0]) if files["source"] else subject)
    return Case(
        subject=subject,
        session=cells.pop("session", "") or session_of(name),
        day=_day(cells.pop("date", ""), where),
        name=name,
        sources=files["source"],
        targets=files["target"],
        mask=files["mask"][0] if files["mask"] else None,
        split=cast("Split | None", split),
        scanner=_scanner(cells, where),
        conditions=_conditions(cells, where, conditions),
        change=files["change"][0] if files["change"] else None,
        lesion=files["lesion"][0] if files["lesion"] else None,
    )


def _files(root: Path, cells: dict[str, str], role: str, where: str) -> tuple[Path, ...]:
    """The paths of a role, in the order of the numbers of their columns, which leave `cells`."""
    columns = sorted(
        (name for name in cells if re.fullmatch(rf"{role}(_\d+)?", name)), key=lambda name: (len(name), name)
    )
    paths = [(column, root / text) for column in columns if (text := cells.pop(column))]
    for column, path in paths:
        if not (path.is_file() or (path.exists() and is_volume(path))):
            what = f"{path} does not exist, or is no volume"
            raise InputRefused(f"{where}, column {column}", what, "write the path from reading.root on")
    return tuple(path for _, path in paths)


def _day(text: str, where: str) -> date | None:
    """The date of a cell; None where it is empty. Raises UsageError: 03.04.2021 is a day in March or in April."""
    if not text:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    what = f"{text!r} is not a date of the calendar as YYYY-MM-DD"
    raise UsageError(f"{where}, column date", what, "write it as 2024-01-31 (ISO 8601), or leave the cell empty")


def _scanner(cells: dict[str, str], where: str) -> str:
    """The text of the column `scanner`, which leaves `cells`."""
    scanner = cells.pop("scanner", "")
    if len(scanner) > LONGEST_SCANNER:
        raise UsageError(
            f"{where}, column scanner", f"has {len(scanner)} characters", f"give {LONGEST_SCANNER} at most"
        )
    return scanner


def _conditions(cells: Mapping[str, str], where: str, wanted: Collection[str]) -> dict[str, float]:
    """The numbers in a line; a text is refused only where a model is given that column."""
    wrong = next((name for name, value in cells.items() if name in wanted and value and not _is_number(value)), None)
    if wrong is not None:
        what = f"{cells[wrong]!r} is not a finite number, as a condition must be"
        raise UsageError(f"{where}, column {wrong}", what, "write a number, or leave the cell empty if it is unknown")
    return {column: float(value) for column, value in cells.items() if value and _is_number(value)}


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None

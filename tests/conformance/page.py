"""The tables of docs/how_we_know.md, written and read between two markers."""

import re
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from tests.conformance.rows import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "how_we_know.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
COLUMNS = ("measure", "checked against", "largest difference", "accepted", "n")
PACKAGES = ("numpy", "scipy", "scikit-image", "monai", "statsmodels")

Line = tuple[str, str, str, str, str]
"""One line of the table, in the order of COLUMNS."""


def tables(lines: Sequence[Line]) -> str:
    """In Markdown, one table for each section."""
    sections = {(one.measure, one.against): one.section for one in ROWS}
    parts = []
    for section, of_section in groupby(lines, lambda line: sections[line[:2]]):
        rows = [COLUMNS, ("---", "---", "---:", "---:", "---:"), *of_section]
        parts.append(f"## {section}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in rows))
    return "\n\n".join(parts)


def in_order(lines: Sequence[Line]) -> list[Line]:
    """As the rows stand in their files; workers finish in any order."""
    order = {(one.measure, one.against): number for number, one in enumerate(ROWS)}
    return sorted(lines, key=lambda line: order[line[:2]])


def versions() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found)


def write(lines: Sequence[Line]) -> None:
    """Replace what lies between the markers."""
    text = PAGE.read_text(encoding="utf-8")
    made = f"{BEGIN}\n{date.today().isoformat()}; {versions()}.\n\n{tables(lines)}\n{END}"
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(before + made + after, encoding="utf-8")


def read() -> list[Line]:
    """The lines of the tables on the page."""
    inside = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    cells = [tuple(re.split(r"\s*\|\s*", line.strip("| "))) for line in inside.splitlines() if line.startswith("|")]
    return [line for line in cells if line != COLUMNS and not line[0].startswith("---")]  # type: ignore[misc]

"""One HTML page that opens from disk, loads nothing from a network, and can be sent to a colleague as it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from medtrans.reading.storage import write_atomically
from medtrans.reporting.provenance import without_folders
from medtrans.reporting.report import Report
from medtrans.reporting.scripts import scripts

FOLDER = Path(__file__).parent
LONG_TABLE = 12
"""Longer tables, and lists of findings, scroll within their box on a screen."""
STATES = {
    "pass": "good",
    "fail": "bad",
    "not shown": "open",
    "not assessable": "open",
    "doubtful": "open",
    "plausible": "",
}
"""Outcome of a verdict → class of the style sheet. What is only plausible is not green: it can be wrong."""


def write_page(path: str | Path, report: Report) -> None:
    """Write the page, whole or not at all. Raises EnvironmentRefused."""
    write_atomically(path, render(report))


def render(report: Report) -> bytes:
    """The page. Equal reports give equal bytes."""
    return environment().get_template("page.html").render(report=report, scripts=scripts()).encode("utf-8", "replace")


@cache
def environment() -> Environment:
    """Templates of the pages and of their sections, compiled once."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    more: dict[str, Any] = {"long_table": LONG_TABLE, "states": STATES}
    templates.globals.update(more)
    templates.filters.update(minus=_minus, without_folders=without_folders)
    return templates


def _minus(text: str) -> str:
    """Hyphens as minus signs."""
    return text.replace("-", "−")

"""Report: a title and the sections of one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medtrans import __version__


@dataclass(frozen=True)
class Section:
    """One part of the page. `name` is its template in sections/ and its anchor; `data` is what the template prints."""

    name: str
    heading: str
    """Text of the link at the top of the page; empty for a part without a link."""
    data: Any


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content of one page. Sections without content are left out by the caller."""

    title: str
    about: str = ""
    """One sentence."""
    date: str = ""
    sections: tuple[Section, ...] = ()
    medtrans: str = __version__
    """Version."""

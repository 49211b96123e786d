"""Methods: a draft of the methods paragraph of a paper."""

from __future__ import annotations

from medtrans.reporting.report import Section


def methods_section(text: str) -> Section | None:
    """The text, with a button that copies it."""
    return Section("methods", "Methods", text) if text else None

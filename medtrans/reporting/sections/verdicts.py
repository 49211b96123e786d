"""Verdicts: every question about the result, with its outcome and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.core.finding import Verdict
from medtrans.reporting.report import Section


def verdicts_section(verdicts: Sequence[Verdict]) -> Section | None:
    """A table of the verdicts."""
    return Section("verdicts", "Verdicts", list(verdicts)) if verdicts else None

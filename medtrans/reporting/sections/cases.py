"""Cases: the scores of every case and system, the worst case first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medtrans.core.score import Score
from medtrans.evaluating.columns import Column, columns
from medtrans.reporting.report import Section
from medtrans.reporting.score_tables import groups
from medtrans.reporting.table_cells import Group


@dataclass(frozen=True)
class Cases:
    """One group of rows per case; the name of a case with images leads to them."""

    columns: list[Column]
    groups: list[Group]
    anchors: Mapping[str, str]
    """Case → the place of its images."""


def cases_section(scores: Sequence[Score], anchors: Mapping[str, str] | None = None) -> Section | None:
    """`scores` are those of images, without those of label maps."""
    return Section("cases", "Cases", Cases(columns(scores), groups(scores), anchors or {})) if scores else None

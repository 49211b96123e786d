"""Audit: verdicts, figures as sentences, tables and charts, and how each number is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.core.finding import Verdict
from medtrans.evaluating.columns import number_text
from medtrans.reporting.report import Section


@dataclass(frozen=True)
class AuditTable:
    """A heading with a remark, headings of columns, and rows of text; the first column names the row."""

    heading: str
    remark: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class AuditChart:
    """A caption with a legend, and the chart as SVG."""

    caption: str
    legend: str
    svg: str


@dataclass(frozen=True)
class Audit:
    """What the template prints."""

    heading: str
    about: str
    verdicts: tuple[Verdict, ...]
    sentences: tuple[str, ...]
    tables: tuple[AuditTable, ...]
    charts: tuple[AuditChart, ...]
    definition: Mapping[str, str]


def audit_section(
    heading: str,
    about: str,
    *,
    verdicts: Sequence[Verdict] = (),
    sentences: Sequence[str] = (),
    tables: Sequence[AuditTable] = (),
    charts: Sequence[AuditChart] = (),
    definition: Mapping[str, str] | None = None,
) -> Section:
    """Parts without content are left out."""
    shown = tuple(table for table in tables if table.rows)
    data = Audit(heading, about, tuple(verdicts), tuple(sentences), shown, tuple(charts), definition or {})
    return Section("audit", heading, data)


def audit_table(heading: str, remark: str, heads: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> AuditTable:
    """Of rows of plain values: `heads` are the keys in their order, with the headings of the columns."""
    cells = tuple(tuple(cell(row.get(key)) for key in heads) for row in rows)
    return AuditTable(heading, remark, tuple(heads.values()), cells)


def cell(value: Any) -> str:
    """A text, a count, a number with two places, or a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return number_text(value, 2) if math.isfinite(value) else "∞"
    return str(value)

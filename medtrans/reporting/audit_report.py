"""Report of an audit that is told by tables and charts: verdicts on top, images in the viewer below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.finding import Finding, Verdict
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import STATES
from medtrans.reporting.report import Report, Section
from medtrans.reporting.sections.findings import findings_section
from medtrans.reporting.sections.images import images_section
from medtrans.reporting.sections.provenance import provenance_section
from medtrans.reporting.sections.summary import Card, Summary
from medtrans.reporting.sections.viewer import viewer_section


def audit_report(
    title: str,
    about: str,
    audits: Sequence[Section],
    *,
    cards: Sequence[Card] = (),
    verdicts: Sequence[Verdict] = (),
    images: Sequence[CaseImages] = (),
    failed: Mapping[str, Finding] | None = None,
    findings: Sequence[Finding] = (),
    date: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> Report:
    """`audits` are made by `audit_section`; the card of a verdict leads to the first. `cards` stand beside those."""
    pictures = images_section(images, ())
    parts = [
        findings_section(failed or {}, findings),
        *audits,
        pictures,
        provenance_section(provenance or {}),
        viewer_section(pictures),
    ]
    sections = [part for part in parts if part is not None]
    anchor = audits[0].name if audits else ""
    judged = [Card(one.question, one.outcome.capitalize(), one.reason, STATES[one.outcome], anchor) for one in verdicts]
    links = tuple((part.name, part.heading) for part in sections if part.heading)
    summary = Section("summary", "", Summary((*judged, *cards), links))
    return Report(title=title, about=about, date=date, sections=(summary, *sections))

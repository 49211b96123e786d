"""Report of a lesion audit: verdicts, lesions, and the images of the cases in which something is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.finding import Finding
from medtrans.core.lesion import LesionAudit
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import STATES
from medtrans.reporting.report import Report, Section
from medtrans.reporting.sections.findings import findings_section
from medtrans.reporting.sections.images import images_section
from medtrans.reporting.sections.lesions import lesions_section
from medtrans.reporting.sections.provenance import provenance_section
from medtrans.reporting.sections.summary import Card, Summary
from medtrans.reporting.sections.viewer import viewer_section


def lesion_report(
    title: str,
    audit: LesionAudit,
    sentences: Sequence[str],
    cases: Sequence[CaseImages] = (),
    *,
    date: str = "",
    provenance: Mapping[str, Any] | None = None,
    findings: Sequence[Finding] = (),
) -> Report:
    """`cases` are those with images; `findings` come in addition to those of the audit."""
    images = images_section(cases, ())
    displayed = [panel.case for panel in images.data.cases] if images is not None else []
    parts = [
        findings_section(audit.failed, [*audit.findings, *findings]),
        lesions_section(audit, sentences, displayed),
        images,
        provenance_section(provenance or {}),
        viewer_section(images),
    ]
    sections = [section for section in parts if section is not None]
    about = "Lesions that the translation removes or invents, found by a detector."
    return Report(title=title, about=about, date=date, sections=(_summary(audit, sections), *sections))


def _summary(audit: LesionAudit, sections: Sequence[Section]) -> Section:
    cards = [
        Card(one.question, one.outcome.capitalize(), one.reason, STATES[one.outcome], "lesions")
        for one in audit.verdicts
    ]
    counts = {outcome: sum(case.verdict.outcome == outcome for case in audit.cases) for outcome in STATES}
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    state = "bad" if counts["fail"] else "open" if counts["not assessable"] or audit.failed else "good"
    failed = f"; {len(audit.failed)} could not be read" if audit.failed else ""
    cards.append(Card("Cases", str(len(audit.cases)), words + failed, state))
    links = tuple((section.name, section.heading) for section in sections if section.heading)
    return Section("summary", "", Summary(tuple(cards), links))

"""Section of the page of an insertion audit."""

from __future__ import annotations

from medtrans.auditing.insertion_tables import HALF_HEADS, REMOVED_HEADS, cell_heads, cell_texts, half_texts
from medtrans.core.insertion import InsertionAudit
from medtrans.reporting.charts.detectability import detectability_chart
from medtrans.reporting.report import Section
from medtrans.reporting.sections.audit import AuditChart, audit_section, audit_table

LEGEND = "solid: translation; dotted: source; dashed: real image"


def insertion_section(audit: InsertionAudit) -> Section:
    """Verdict, curves for each contrast, tables."""
    charts = []
    for contrast in dict.fromkeys(row["contrast"] for row in audit.cells):
        rows = [
            {**row, "share": row["detected"] / row["lesions"]} for row in audit.cells if row["contrast"] == contrast
        ]
        for value, words in (("d_prime", "d′"), ("share", "Share detected")):
            name = f"{value}-{contrast:g}"
            caption = f"{words} at a contrast of {contrast:g} SD of the noise"
            charts.append(AuditChart(caption, LEGEND, detectability_chart(rows, value, name)))
    removed = [lesion.to_dict() for lesion in audit.removed]
    return audit_section(
        "Inserted lesions",
        f"Model: {audit.model}. {len(audit.lesions)} balls in {len(audit.cases)} sources. The source shows what could "
        "be known of a lesion: where the translation has less, the model lost it.",
        verdicts=audit.verdicts,
        charts=charts,
        tables=[
            audit_table("Diameter detected half the time", "at 5 % false positives", HALF_HEADS, half_texts(audit)),
            audit_table("Detectability", "each image, contrast and diameter", cell_heads(audit), cell_texts(audit)),
            audit_table("Lesions taken out", "difference to the surroundings", REMOVED_HEADS, removed),
        ],
        definition=audit.definition,
    )

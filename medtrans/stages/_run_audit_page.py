"""Page of the audit of a run, and its part in the report."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from medtrans.auditing.held_out_uncertainty import HeldOutUncertainty
from medtrans.auditing.lesion_tables import sentences
from medtrans.recipe import Recipe
from medtrans.reporting.audit_report import audit_report
from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance
from medtrans.reporting.report import Section
from medtrans.reporting.sections.audit import audit_section
from medtrans.reporting.sections.lesions import lesions_section
from medtrans.reporting.sections.plausibility import plausibility_section
from medtrans.stages._calibration_section import calibration_section
from medtrans.stages._map_tables import DEFINITION, tables_of

if TYPE_CHECKING:
    from medtrans.stages._run_audit import RunAudit

AUDIT_NOTICE = (
    "An audit shows where to look. A fail can be an error of the detector, and what no question asks for stays unseen: "
    "read docs/auditing.md before you trust a translation."
)
MAPS = "Each map is scored as a detector of wrong voxels where there is a target; the files lie beside this page."


def run_audit_page(audit: RunAudit, recipe: Recipe) -> bytes:
    """All that was audited: verdicts on top, lesions, output checks, maps, and a few cases in the viewer."""
    displayed = [one.case for one in audit.images]
    sections = [
        lesions_section(audit.lesions, sentences(audit.lesions.summary), displayed) if audit.lesions else None,
        plausibility_section(audit.output_checks),
        _uncertainty_section(audit.uncertainty),
        audit_section("Maps", MAPS, tables=tables_of(audit.maps), definition=DEFINITION) if audit.maps else None,
    ]
    report = audit_report(
        f"Audit of {recipe.name}",
        AUDIT_NOTICE,
        [section for section in sections if section is not None],
        verdicts=audit.verdicts,
        images=audit.images,
        failed=audit.failed,
        findings=audit.findings,
        date=datetime.date.today().isoformat(),
        provenance=provenance(),
    )
    return render(report)


def _uncertainty_section(tested: HeldOutUncertainty | None) -> Section | None:
    """The verdict stands on top of the page."""
    if tested is None or tested.calibration is None:
        return None
    return calibration_section(tested.calibration, tested.cases, tested.coverage)


def audit_summary(audit: RunAudit | None) -> Section | None:
    """For the report of the run: the verdicts, and where the audit lies; None where there is none."""
    if audit is None:
        return None
    where = f"{audit.page.parent.name}/{audit.page.name}"
    about = f"Lesions, maps and output checks of every test case: {where}, beside this page. {AUDIT_NOTICE}"
    return audit_section("Audit", about, verdicts=audit.verdicts)

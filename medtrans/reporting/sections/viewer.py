"""Viewer: NiiVue and its controls, once per page, and the licences of NiiVue."""

from __future__ import annotations

from medtrans.reporting.report import Section
from medtrans.reporting.scripts import scripts
from medtrans.reporting.sections.images import Images


def viewer_section(images: Section | None) -> Section | None:
    """None where no displayed case has viewer volumes."""
    if images is None or not isinstance(images.data, Images):
        return None
    return Section("viewer", "", scripts()) if any(case.volumes for case in images.data.cases) else None

"""Images: slices, viewer volumes, errors by intensity and structures of selected cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.measurement import Structure
from medtrans.core.score import Score
from medtrans.evaluating.columns import columns
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.viewer_volumes import max_voxels_for
from medtrans.reporting.report import Section
from medtrans.reporting.score_tables import groups
from medtrans.reporting.sections.case_panel import CasePanel, case_panel
from medtrans.reporting.structure_tables import CASE_COLUMNS, StructureColumn


@dataclass(frozen=True)
class Images:
    """The worst case, the best, then the others; and whether these are all."""

    cases: tuple[CasePanel, ...]
    metric: str
    """The metric that ranks the cases."""
    all_cases: bool
    structure_columns: tuple[StructureColumn, ...] = CASE_COLUMNS


def images_section(
    cases: Sequence[CaseImages], scores: Sequence[Score], structures: Sequence[Structure] = ()
) -> Section | None:
    """`scores` are those of images; they rank the cases by their first metric."""
    if not cases:
        return None
    heads, ranking = columns(scores), groups(scores) if scores else []
    max_voxels = max_voxels_for(len(cases), max(len(case.maps) for case in cases))
    panels = [case_panel(case, ranking, heads, structures, max_voxels=max_voxels) for case in cases]
    ordered = tuple(sorted(panels, key=lambda panel: panel.rank))
    metric = heads[0].label if heads else ""
    return Section("images", "Images", Images(ordered, metric, len(ranking) <= len(cases)))

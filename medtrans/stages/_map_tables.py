"""Figures of an audit by maps: CSV, text for a terminal, and the tables of the page."""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.auditing.lesion_tables import cell
from medtrans.auditing.map_audit import SCORED, CaseMaps
from medtrans.core.tables import text_table, to_csv
from medtrans.reporting.sections.audit import AuditTable, audit_table

MAP_HEADS = {
    "case": "Case",
    "map": "Map",
    "mean": "Mean",
    "p99": "99th percentile",
    "wrong_above": "Wrong above",
    "wrong_share": "Wrong voxels",
    "auroc": "AUROC",
    "auprc": "AUPRC",
}
RESOLUTION_HEADS = {
    "case": "Case",
    "limit_per_mm": "Limit, 1/mm",
    "flagged_translated": "Flagged, translation",
    "flagged_coarse": "Flagged, coarse real image",
    "resolution_translated_per_mm": "Resolution, translation, 1/mm",
    "resolution_coarse_per_mm": "Resolution, coarse real image, 1/mm",
}
DEFINITION = {
    "residual": "absolute difference of translation and real image",
    "cycle": "absolute difference of the source and the way back from its translation",
    "cycle_robust": "the same after noise of one step and rounding to 8 bit: much more than cycle where the source is "
    "hidden in fine detail of the translation (Chu et al. 2017)",
    "spread": "standard deviation over models or samples",
    "null_space": "the part of the translation that the degradation of its source does not determine",
    "null_space_error": "the error in that part",
    "sfrc": "scanning Fourier ring correlation with the real image, slice by slice: 1 minus the share of Nyquist's "
    "frequency where a patch falls under 0.5. It sees lost resolution, not invented structure: the real image "
    "at a quarter of its resolution stands beside it",
    "Wrong voxels": "residual above 100 HU, or above its own 90th percentile where there is no unit; scored are "
    + ", ".join(SCORED)
    + ". By chance AUROC is 0.5, AUPRC the share of wrong voxels",
}
"""Map → what it is."""


def figures_csv(found: Sequence[CaseMaps]) -> bytes:
    """A row for each case and map."""
    return to_csv([row for one in found for row in one.rows], tuple(MAP_HEADS))


def tables_of(found: Sequence[CaseMaps]) -> list[AuditTable]:
    """For the page: sFRC never without the resolution."""
    resolution = [one.resolution for one in found if one.resolution]
    return [
        audit_table("Each map", "in the body", MAP_HEADS, [row for one in found for row in one.rows]),
        audit_table("Resolution beside sFRC", "share of the voxels that are flagged", RESOLUTION_HEADS, resolution),
    ]


def to_text(found: Sequence[CaseMaps]) -> str:
    """Both tables for a terminal."""
    rows = [{name: cell(row.get(key)) for key, name in MAP_HEADS.items()} for one in found for row in one.rows]
    resolution = [
        {name: cell(one.resolution.get(key)) for key, name in RESOLUTION_HEADS.items()}
        for one in found
        if one.resolution
    ]
    return "\n\n".join(filter(None, (text_table(rows, left=("Map",)), text_table(resolution)))) + "\n"

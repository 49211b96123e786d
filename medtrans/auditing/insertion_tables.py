"""Tables of an insertion audit: CSV, text for a terminal, and the section of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED
from medtrans.auditing.insertion_summary import FALSE_POSITIVES, VISIBLE
from medtrans.auditing.lesion_tables import cell
from medtrans.core.insertion import InsertionAudit
from medtrans.core.tables import text_table, to_csv

NAMES = {SOURCE: "source", TARGET: "real image", TRANSLATED: "translation"}
CELL_HEADS = {
    "image": "Image",
    "contrast": "Contrast",
    "diameter_mm": "Diameter, mm",
    "lesions": "Lesions",
    "d_prime": "d′",
    "low": "from",
    "high": "to",
    "detected": "Detected",
    "false_positives": "False positives",
    "change": "Change",
    "read": "Read by the detector",
    "read_without": "Read without lesions",
}
HALF_HEADS = {
    "image": "Image",
    "by": "By the",
    "contrast": "Contrast",
    "half": "Detected half the time, mm",
    "interval": "95 % interval",
}
REMOVED_HEADS = {
    "case": "Case",
    "number": "Lesion",
    "sphere_mm": "Diameter, mm",
    "source": "Source",
    "source_inpainted": "Source, inpainted",
    "translated": "Translation",
    "translated_inpainted": "Translation of the inpainted",
    "persistence": "Persists",
}
DEFINITION = {
    "Inserted lesion": "a ball, by its volume fraction of each voxel, blurred by a Gaussian one voxel wide, is added "
    "to the image: the contrast times the noise of that image, from the finest diagonal wavelet coefficients.",
    "d′": "channelised Hotelling observer at the known place; five Laguerre-Gauss channels as wide as 0.8 diameters; "
    "covariance without lesions, over all places; corrected for their number. 95 % interval by the jackknife.",
    "Detected": f"the observer, fitted to other places, has a statistic above that of {1 - FALSE_POSITIVES:.0%} of the "
    "same places without a lesion.",
    "Detected half the time": "isotonic in the diameter, linear in its logarithm; 95 % interval by the bootstrap.",
    "Read": "a component of what the detector reads has an IoU of 0.1 and more with the ball. Without lesions: "
    "the same in the same places of the images as they were.",
    "Change": "of the translation by the insertion: the height of the ball that fits it best, in its unit.",
    "Kept": "of the lesions that the observer detects in the source, at sizes and contrasts of which it detects "
    f"{VISIBLE:.0%}: those that it detects in the translation. Bounds: one-sided, 95 %, exact, over lesions.",
    "Persists": "a lesion of the source is inpainted (Laplace's equation, with noise): the share of its difference to "
    "a shell of 5 to 10 mm that the translation still has.",
}
"""Subject → how it is computed."""


def lesions_csv(audit: InsertionAudit) -> bytes:
    """A row for each inserted lesion."""
    rows = []
    for lesion in audit.lesions:
        plain = lesion.to_dict()
        x, y, z = plain.pop("centre_mm")
        rows.append({**plain, "x_mm": x, "y_mm": y, "z_mm": z})
    return to_csv(rows)


def cells_csv(audit: InsertionAudit) -> bytes:
    """A row for each image, contrast and diameter."""
    return to_csv(audit.cells)


def half_texts(audit: InsertionAudit) -> list[dict[str, str]]:
    """The diameters detected half the time in words."""
    sizes = [lesion.diameter_mm for lesion in audit.lesions]
    ends = min(sizes), max(sizes)
    return [
        {
            "image": NAMES[row["image"]],
            "by": row["by"],
            "contrast": f"{row['contrast']:g}",
            "half": diameter_text(row["diameter_mm"], ends),
            "interval": " to ".join(dict.fromkeys(diameter_text(row[end], ends) for end in ("low", "high"))),
        }
        for row in audit.half
    ]


def diameter_text(value: float, ends: tuple[float, float]) -> str:
    """In mm; beyond the diameters that were inserted, a bound."""
    return f"below {ends[0]:g}" if value == 0 else f"above {ends[1]:g}" if math.isinf(value) else f"{value:.1f}"


def to_text(audit: InsertionAudit) -> str:
    """Verdict, diameters and detectability for a terminal."""
    verdicts = [{"question": one.question, "verdict": one.outcome, "reason": one.reason} for one in audit.verdicts]
    facts = [f"Model: {audit.model}.", *([f"Detector: {audit.detector}."] if audit.detector else [])]
    parts = [
        " ".join([*facts, f"Cases: {len(audit.cases)}. Lesions inserted: {len(audit.lesions)}."]),
        text_table(verdicts, left=("verdict", "reason")),
        text_table(_renamed(half_texts(audit), HALF_HEADS), left=("By the",)),
        text_table(_renamed(cell_texts(audit), cell_heads(audit))),
        text_table(_renamed([one.to_dict() for one in audit.removed], REMOVED_HEADS)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def cell_heads(audit: InsertionAudit) -> dict[str, str]:
    """Of the columns that the rows have: some are only there with a detector."""
    return {key: head for key, head in CELL_HEADS.items() if any(key in row for row in audit.cells)}


def cell_texts(audit: InsertionAudit) -> list[dict[str, Any]]:
    """The rows of the cells, with the images in words."""
    numbers = ("contrast", "diameter_mm")
    return [
        {**row, "image": NAMES[row["image"]], **{name: f"{row[name]:g}" for name in numbers}} for row in audit.cells
    ]


def _renamed(rows: Sequence[Mapping[str, Any]], heads: Mapping[str, str]) -> list[dict[str, str]]:
    return [{name: cell(row.get(key)) for key, name in heads.items()} for row in rows]

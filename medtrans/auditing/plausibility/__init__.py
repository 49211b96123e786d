"""Plausibility of a CT of a head without its truth: each question is answered plausible, doubtful or not assessable.

A plausible CT can be wrong: these checks find what no head has, not what this patient has not.
"""

from __future__ import annotations

from collections.abc import Iterable

from medtrans.auditing.plausibility.contour import contour
from medtrans.auditing.plausibility.face import sinuses, teeth
from medtrans.auditing.plausibility.head import head_of
from medtrans.auditing.plausibility.hounsfield import tissues
from medtrans.auditing.plausibility.seams import seams
from medtrans.auditing.plausibility.skull import closed_skull, symmetry
from medtrans.core.finding import Finding, Verdict
from medtrans.core.volume import Volume

MIN_SIDE = 8
"""Voxels along each axis of an image that can be checked."""


def plausibility(ct: Volume, source: Volume | None = None) -> list[Verdict]:
    """Verdicts on a CT of one channel in HU; `source` is the image it was made from, on the same grid."""
    if min(ct.shape) < MIN_SIDE or not (head := head_of(ct)):
        return []
    return [
        *tissues(head),
        contour(head, source),
        symmetry(head),
        seams(head),
        closed_skull(head),
        teeth(head),
        sinuses(head),
    ]


def doubts(verdicts: Iterable[Verdict], where: str) -> list[Finding]:
    """One note with all that is doubtful; none where nothing is."""
    doubtful = [verdict for verdict in verdicts if verdict.outcome == "doubtful"]
    if not doubtful:
        return []
    return [
        Finding(
            code="implausible-output",
            severity="note",
            where=where,
            what="doubtful in the result: " + "; ".join(f"{one.code} ({one.reason})" for one in doubtful),
            consequence="what no real head has is probably wrong there",
            advice="look at the result; all checks are in the sidecar",
            numbers={"doubtful": len(doubtful)},
        )
    ]

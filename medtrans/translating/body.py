"""Body of a translation: where air is written, and whether what was found can be the whole body."""

from __future__ import annotations

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.preparing.masks import hull_fraction
from medtrans.preparing.preparation import Prepared
from medtrans.translating.translation import BodyUsed

MIN_HULL_FRACTION = 0.8
"""Heads of people and phantoms fill 0.86 to 0.95 of their hull, with all that could be seen of them."""


def body_used(prepared: Prepared, mask: Volume | None, setting: str) -> BodyUsed | None:
    """What `preparing.body_mask` and the mask of the case made the body; None where there is no air."""
    if mask is None and setting == "none":
        return None
    return BodyUsed(
        origin="found" if mask is None else "mask",
        fraction=float(prepared.mask.mean()),
        hull_fraction=hull_fraction(prepared.mask),
    )


def doubt_body(body: BodyUsed | None, where: str) -> tuple[Finding, ...]:
    """A finding where a found body fills so little of its convex hull that a part of it is probably missing."""
    if body is None or body.origin == "mask" or not body.hull_fraction < MIN_HULL_FRACTION:
        return ()
    return (
        Finding(
            code="body-doubtful",
            severity="warn",
            where=where,
            what=f"the body that was found fills {body.hull_fraction:.0%} of its convex hull, a whole head about 90 %",
            consequence="air is written where a part of the body was not found",
            advice="give a mask of the body (--mask)",
            numbers={"hull_fraction": body.hull_fraction, "fraction": body.fraction},
        ),
    )

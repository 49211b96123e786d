"""Body of a translation: where air is written, and whether what was found can be the whole body."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.preparing.masks import hull_fraction
from medtrans.preparing.preparation import Prepared
from medtrans.translating.translation import BodyUsed

MIN_HULL_FRACTION = 0.8
"""Heads of people and phantoms fill 0.86 to 0.95 of their hull, with all that could be seen of them."""
REFUSED_SHARE = 0.7
"""Of `translating.smallest_body`. Whole heads of adults have 2.8 litres and more, brains 1.4 to 2.1 with a margin."""


def body_used(prepared: Prepared, mask: Volume | None, setting: str) -> BodyUsed | None:
    """What `preparing.body_mask` and the mask of the case made the body; None where there is no air."""
    if mask is None and setting == "none":
        return None
    return BodyUsed(
        origin="found" if mask is None else "mask",
        fraction=float(prepared.mask.mean()),
        litres=float(prepared.mask.sum() * abs(np.linalg.det(prepared.affine[:3, :3])) / 1e6),
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


def refuse_small_body(body: BodyUsed | None, smallest: float | None, where: str) -> tuple[Finding, ...]:
    """A finding where the body has fewer litres than `smallest`. Raises InputRefused where it has far fewer."""
    if body is None or smallest is None or body.litres >= smallest:
        return ()
    what = f"its body has {body.litres:.1f} litres, and the model takes {smallest:g} and more"
    likely = "a brain without skull and scalp, or a part of a head"
    if body.litres < REFUSED_SHARE * smallest:
        advice = f"it may be {likely}: give the whole image, or --force; another model may fit (medtrans list models)"
        raise InputRefused(where, what, advice)
    return (
        Finding(
            code="body-small",
            severity="warn",
            where=where,
            what=what,
            consequence=f"it may be {likely}, and what is missing may be invented",
            advice="look at the translation, or give the whole image",
            numbers={"litres": body.litres, "smallest": smallest},
        ),
    )

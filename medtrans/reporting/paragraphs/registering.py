"""How targets were registered with their sources, and which pairs that left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.evaluating.columns import count_text

TRANSFORMS = {
    "rigid": "a rigid transform",
    "affine": "an affine transform",
    "deformable": "a B-spline deformation after an affine transform",
}


def registering_sentence(preparing: Mapping[str, Any], left_out: int) -> str:
    """Empty where nothing was registered."""
    kind = preparing.get("register")
    if not kind:
        return ""
    used = "good or doubtful" if preparing["keep_doubtful"] else "good"
    rest = f"; {count_text(left_out, 'case')} left out" if left_out else ""
    libraries = "SimpleITK and SciPy" if kind == "deformable" else "SimpleITK"
    return (
        f"Targets had been brought there by registration to their sources ({TRANSFORMS[kind]}, mutual information; "
        f"{libraries}), and pairs whose registration was judged {used} were used{rest}."
    )

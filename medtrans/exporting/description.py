"""Description of an export: what goes into each network and comes out, the preparation around it, and its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans import __version__
from medtrans.core.divisor import per_axis
from medtrans.core.sealed_json import seal
from medtrans.exporting.check import Difference
from medtrans.preparing.patches import PLANES
from medtrans.translating.translator import Translator

AXES = ("left to right", "back to front", "feet to head")
"""Of a prepared grid in the orientation RAS."""


def describe(name: str, to: str, networks: Sequence[Mapping[str, Any]]) -> bytes:
    """export.json of a model of that name: JSON with a checksum."""
    return seal({"medtrans": __version__, "model": name, "to": to, "networks": list(networks)})


def describe_network(
    name: str, member: Translator, files: Mapping[str, str], conditions: Mapping[str, float], found: Difference
) -> dict[str, Any]:
    """One network of that name: `files` are name → SHA-256."""
    settings, method = member.preparation.settings, member.method
    identity = member.identity
    return {
        "name": name,
        "model": identity.name,
        "model_sha256": identity.sha256,
        "files": dict(files),
        "source": {"axes": ["batch", "channel", *space(member)], "channels": method.task.source_channels},
        "translated": {"axes": ["batch", "channel", *space(member)], "channels": method.task.target_channels},
        "sides_are_multiples_of": list(divisors(member)),
        "conditions": dict(
            zip(settings.conditions, member.preparation.conditions(conditions, member.identity.name), strict=True)
        ),
        "preparation": member.preparation.to_dict(),
        "translating": member.resolved_settings,
        "licence": (identity.config.get("card", {}).get("declared") or {}).get("licence", ""),
        "difference_from_torch": found.to_dict(),
    }


def space(member: Translator) -> list[str]:
    """The spatial axes of a window, in order."""
    settings = member.preparation.settings
    axis = PLANES[settings.plane] if settings.spatial_dims == 2 else None
    names = (
        AXES
        if settings.orientation == "RAS"
        else tuple(f"axis {number} of {settings.orientation}" for number in (1, 2, 3))
    )
    return [name for number, name in enumerate(names) if number != axis]


def divisors(member: Translator) -> tuple[int, ...]:
    """Of the sides of a window."""
    return tuple(per_axis(member.method.divisor, member.preparation.settings.spatial_dims))

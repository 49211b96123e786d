"""Pairs of visits that a run was trained and tested with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROLES = {
    "predict": "The source was an earlier visit of a person, the target {later}",
    "harmonise": "The target was an earlier visit of a person, the source {later}: the translation has its look",
}


def follow_up_sentence(reading: Mapping[str, Any]) -> str:
    """Which visit was source and which target; empty where visits were not paired."""
    settings = reading.get("follow_up")
    if not settings:
        return ""
    later = "the next one" if settings["pairs"] == "consecutive" else "each later one"
    return ROLES[settings["direction"]].format(later=later) + "."

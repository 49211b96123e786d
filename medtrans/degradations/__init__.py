"""Degradations: one way to worsen an image per file. The file's name is the name used in recipes."""

from __future__ import annotations

from dataclasses import replace

from medtrans.core.degradation import Degradation
from medtrans.core.registry import Entry, Registry

registry = Registry(__name__, Degradation)
names, load = registry.names, registry.load


def entries() -> list[Entry]:
    """Name, first line, source, and as facts the modalities and the settings with their defaults."""
    return [replace(entry, facts=_facts(load(entry.name)())) for entry in registry.entries()]


def _facts(degradation: Degradation) -> str:
    settings = [
        f"{key} {_text(value)} {degradation.units.get(key, '')}".rstrip()
        for key, value in degradation.to_dict().items()
        if key != "name"
    ]
    return f"{', '.join(degradation.modalities)}: {'; '.join(settings)}"


def _text(value: object) -> str:
    if isinstance(value, list):
        return "..".join(f"{end:g}" for end in value)
    return f"{value:g}" if isinstance(value, float) else str(value)

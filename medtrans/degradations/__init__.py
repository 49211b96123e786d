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
    ladder = getattr(degradation, "ladder", None)
    values = {key: value for key, value in degradation.to_dict().items() if key != "name"}
    units = {ladder.parameter: f" {ladder.unit}"} if ladder is not None and ladder.unit else {}
    settings = [f"{key} {_text(value)}{units.get(key, '')}" for key, value in values.items()]
    return f"{', '.join(degradation.modalities)}: {'; '.join(settings)}"


def _text(value: object) -> str:
    return "..".join(f"{end:g}" for end in value) if isinstance(value, list) else str(value)

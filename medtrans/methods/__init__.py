"""Methods: one paper per file; the file's name is the name used in recipes."""

from __future__ import annotations

from dataclasses import replace

from medtrans.core.method import Method
from medtrans.core.registry import Entry, Registry

registry = Registry(__name__, Method)
names, load = registry.names, registry.load


def entries() -> list[Entry]:
    """Name, first line, paper; and which pairs each needs and what it can do."""
    return [replace(entry, facts=_facts(load(entry.name))) for entry in registry.entries()]


def _facts(kind: type[Method]) -> str:
    pairing = {"paired": "pairs", "unpaired": "no pairs", "alone": "images without targets"}[kind.pairing]
    verbs = [f"{verb}s" for verb in ("translate", "reconstruct", "sample") if hasattr(kind, verb)]
    return f"{pairing}; 2D and 3D; {', '.join(verbs)}"

"""Metrics: one measure of one case per file, in numpy; those of sets of images in `sets`, of spreads in `spreads`."""

from __future__ import annotations

from dataclasses import replace

from medtrans.core.metric import Better, Metric
from medtrans.core.registry import Entry, Registry
from medtrans.metrics import sets, spreads

SHARED = ("edges", "hlut", "jumps", "masks", "noise", "overlap", "windows")
IMAGES = {"": "any image", "CT": "CT in HU only", "dose": "dose only"}
registry = Registry(__name__, Metric, shared=("sets", "spreads", *SHARED))
names, load = registry.names, registry.load


def entries() -> list[Entry]:
    """Those of one case, with their units and the images they are for, then those of spreads and of sets."""
    alone = (replace(entry, facts=_facts(load(entry.name))) for entry in registry.entries())
    others = [(spreads, "of the spread of several answers"), (sets, "of sets of images")]
    more = [
        replace(entry, facts=f"{family.load(entry.name).better} is better; no unit; {of}")
        for family, of in others
        for entry in family.entries()
    ]
    return [*alone, *more]


def better(label: str) -> Better:
    """Which way a metric counts, by its name or its label: "tissue_error[tissue=bone]". Raises UsageError."""
    name = label.partition("[")[0]
    return (spreads if name in spreads.names() else registry).load(name).better


def ranks(label: str) -> bool:
    """Whether a better value, by this name or label, is a better translation; so it is of what is no metric here."""
    name = label.partition("[")[0]
    return name not in registry.names() or load(name).ranks


def _facts(kind: type[Metric]) -> str:
    facts = f"{kind.better} is better; {f'unit {kind.unit}' if kind.unit else 'no unit'}; {IMAGES[kind.needs]}"
    return facts if kind.ranks else f"{facts}; no verdict is drawn from it"

"""Metrics: one measure of one case per file, in numpy; those of sets of images in `sets`. Each names its source."""

from __future__ import annotations

from dataclasses import replace

from medtrans.core.metric import Better, Metric
from medtrans.core.registry import Entry, Registry
from medtrans.metrics import sets

SHARED = ("calibration", "edges", "hlut", "jumps", "masks", "noise", "overlap", "windows")
IMAGES = {"": "any image", "CT": "CT in HU only", "dose": "dose only"}
registry = Registry(__name__, Metric, shared=("sets", *SHARED))
names, load = registry.names, registry.load


def entries() -> list[Entry]:
    """Those of one case, with their units and the images they are for, then those of sets."""
    alone = (replace(entry, facts=_facts(load(entry.name))) for entry in registry.entries())
    return [*alone, *(replace(entry, facts="of sets of images") for entry in sets.entries())]


def better(label: str) -> Better:
    """Which way a metric counts, by its name or its label: "tissue_error[tissue=bone]". Raises UsageError."""
    return load(label.partition("[")[0]).better


def _facts(kind: type[Metric]) -> str:
    return f"{kind.better} is better; {f'unit {kind.unit}' if kind.unit else 'no unit'}; {IMAGES[kind.needs]}"

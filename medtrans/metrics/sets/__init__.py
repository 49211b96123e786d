"""Metrics of sets of images: one distance between what an extractor read from made and from real images per file."""

from __future__ import annotations

from medtrans.core.metric import CohortMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, CohortMetric, shared=("features", "neighbours", "pairs", "standard"))
names, load, entries = registry.names, registry.load, registry.entries

"""Distribution metrics: one distance between the features of two sets of images per file."""

from __future__ import annotations

from medtrans.core.metric import DistributionMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, DistributionMetric)
names, load, entries = registry.names, registry.load, registry.entries

"""Uncertainty metrics: agreement of a predicted standard deviation with the error, one measure per file."""

from __future__ import annotations

from medtrans.core.metric import UncertaintyMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, UncertaintyMetric)
names, load, entries = registry.names, registry.load, registry.entries

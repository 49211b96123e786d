"""Operator metrics: error of a restored image relative to what a known degradation measured, one measure per file."""

from __future__ import annotations

from medtrans.core.metric import OperatorMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, OperatorMetric)
names, load, entries = registry.names, registry.load, registry.entries

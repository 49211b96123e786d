"""Metrics of spreads: does what a translation says of its own error hold? One measure per file."""

from __future__ import annotations

from medtrans.core.metric import SpreadMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, SpreadMetric, shared=("deviations",))
names, load, entries = registry.names, registry.load, registry.entries

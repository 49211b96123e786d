"""Metrics: one measure of one case per file, in numpy. Definitions and sources stand in each file."""

from __future__ import annotations

from medtrans.core.metric import Metric
from medtrans.core.registry import Registry

registry = Registry(__name__, Metric, shared=("masks", "windows"))
names, load, entries = registry.names, registry.load, registry.entries

"""Image metrics: a translated image compared with its target, one metric per file."""

from __future__ import annotations

from medtrans.core.metric import ImageMetric
from medtrans.core.registry import Registry

registry = Registry(__name__, ImageMetric)
names, load, entries = registry.names, registry.load, registry.entries

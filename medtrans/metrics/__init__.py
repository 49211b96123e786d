"""Metrics: one measure of one case, or of a set of images, per file, in numpy. Each says what it is and its source."""

from __future__ import annotations

from medtrans.core.metric import Metric
from medtrans.core.registry import Registry

OF_SETS = ("features", "frechet", "precision_recall")
registry = Registry(__name__, Metric, shared=("masks", "windows", *OF_SETS))
names, load, entries = registry.names, registry.load, registry.entries

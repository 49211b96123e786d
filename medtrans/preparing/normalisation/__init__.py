"""Normalisation: from measured values to about [-1, 1] and back. One normaliser per file, found by its name."""

from __future__ import annotations

from medtrans.core.registry import Registry
from medtrans.preparing.normalisation._normaliser import Normaliser

registry = Registry(__name__, Normaliser)
names, load, entries = registry.names, registry.load, registry.entries

"""Degradations: one way to worsen an image per file. The file's name is the name used in recipes."""

from __future__ import annotations

from medtrans.core.degradation import Degradation
from medtrans.core.registry import Registry

registry = Registry(__name__, Degradation)
names, load, entries = registry.names, registry.load, registry.entries

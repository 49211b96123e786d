"""Methods: one paper per file; the file's name is the name used in recipes."""

from __future__ import annotations

from medtrans.core.method import Method
from medtrans.core.registry import Registry

registry = Registry(__name__, Method, shared=("pool",))
names, load, entries = registry.names, registry.load, registry.entries

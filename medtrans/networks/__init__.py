"""Networks: one per file; its Settings build it for 2D or 3D. The file's name is the name used in recipes."""

from __future__ import annotations

from medtrans.core.registry import Registry
from medtrans.networks._settings import NetworkSettings

registry = Registry(__name__, NetworkSettings)
names, load, entries = registry.names, registry.load, registry.entries

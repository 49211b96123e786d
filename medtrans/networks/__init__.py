"""Networks: one per file; its settings build it for 2D or 3D. The name of the file is the name in recipes."""

from __future__ import annotations

from medtrans.core.registry import Registry
from medtrans.networks._settings import NetworkSettings

registry = Registry(__name__, NetworkSettings)
names, load, entries = registry.names, registry.load, registry.entries

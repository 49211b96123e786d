"""Networks: one per file; its Settings build it for 2D or 3D. The file's name is the name used in recipes."""

from __future__ import annotations

from medtrans.core.registry import Registry
from medtrans.networks.settings import NetworkSettings

registry = Registry(
    __name__,
    NetworkSettings,
    shared=(
        "settings",
        "choices",
        "norms",
        "blocks",
        "winograd",
        "patch_projection",
        "noising",
        "squeezing",
        "stacks",
        "codes",
    ),
)
names, load, entries = registry.names, registry.load, registry.entries

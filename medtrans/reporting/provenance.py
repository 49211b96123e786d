"""Where numbers come from: versions and platform, without names of users, hosts or folders."""

from __future__ import annotations

import importlib.metadata
import os
import platform

PACKAGES = ("medtrans", "torch", "monai", "numpy", "scipy", "nibabel", "lightning-fabric", "safetensors")


def provenance() -> dict[str, str]:
    """Name → version or fact."""
    facts = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            facts[package] = "absent"
    facts["processors"] = str(os.cpu_count())
    return facts

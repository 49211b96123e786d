"""Finding things: what there is to choose from, and what this machine offers."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

import medtrans
from medtrans.core.errors import UsageError
from medtrans.core.registry import Entry
from medtrans.core.settings import did_you_mean

FAMILIES = ("methods", "metrics", "networks")
EXTRAS = {"tensorboard": "tensorboard"}
"""Optional package → the extra that brings it."""


def entries(what: str) -> list[Entry]:
    """The members of a family, the presets, or the pipelines. Raises UsageError."""
    if what in FAMILIES:
        found: list[Entry] = importlib.import_module(f"medtrans.{what}").entries()
        return found
    if what == "presets":
        from medtrans.evaluating.presets import PRESETS

        return [Entry(name, preset.summary, preset.source) for name, preset in PRESETS.items()]
    if what == "pipelines":
        return [_pipeline(name, file) for name, file in recipes().items()]
    raise UsageError("list", f"nothing is named {what!r}", did_you_mean(what, [*FAMILIES, "presets", "pipelines"]))


def as_text(found: list[Entry]) -> str:
    width = max((len(entry.name) for entry in found), default=0)
    told = [(entry.name, [line for line in (entry.summary, entry.facts, entry.source) if line]) for entry in found]
    return "\n".join(f"{name:{width}}  " + f"\n{'':{width}}  ".join(lines) for name, lines in told)


def pipelines_folder() -> Path:
    """Where the pipelines lie: in a checkout beside the package, else where the installation put them."""
    beside = Path(__file__).parent.parent / "pipelines"
    return beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "medtrans" / "pipelines"


def recipes() -> dict[str, Path]:
    """Name of a pipeline → its recipe: `folder` for folder/recipe.yaml, `folder/other` for another in it."""
    files = sorted(pipelines_folder().glob("*/*.yaml"))
    return {file.parent.name + ("" if file.stem == "recipe" else f"/{file.stem}"): file for file in files}


def _pipeline(name: str, file: Path) -> Entry:
    import yaml

    recipe = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Entry(name, str(recipe.get("about", "")).strip(), str(file))


def doctor() -> dict[str, Any]:
    """Versions, devices, optional packages and limits, as name → value."""
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts: dict[str, Any] = {
        "medtrans": medtrans.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
    }
    for package in ("torch", "monai", "torchio", "nibabel", "SimpleITK", "numpy", "scipy", "lightning-fabric", "isal"):
        facts[package] = _version(package)
    facts |= {
        "processor threads": f"{torch.get_num_threads()} used of {os.cpu_count()}",
        "memory": f"{memory:.1f} GiB",
        "free disk here": f"{shutil.disk_usage('.').free / 2**30:.1f} GiB",
        "cuda": _cuda(),
        "mps": "yes" if torch.backends.mps.is_available() else "no",
    }
    for package, extra in EXTRAS.items():
        here = importlib.util.find_spec(package) is not None
        facts[f"extra {extra}"] = _version(package) if here else f"absent; pip install 'medtrans[{extra}]'"
    facts["largest volume"] = f"about {_largest_side(memory)}³ voxels in float32 (a tenth of the memory)"
    return facts


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _cuda() -> str:
    import torch

    if not torch.cuda.is_available():
        return "no"
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def _largest_side(memory_gib: float) -> int:
    return round((memory_gib * 2**30 / 10 / 4) ** (1 / 3))

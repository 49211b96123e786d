"""Provenance of a result: versions, machine and command, without user name, host name or folders."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path, PurePath
from typing import Any

from medtrans import __version__

PACKAGES = ("torch", "monai", "numpy", "scipy", "nibabel", "SimpleITK", "torchio", "lightning-fabric", "scikit-image")
PART = r"[^/\\\s'\"<>|:*?](?:[^/\\\n'\"<>|:*?]*[^/\\\s'\"<>|:*?])?"
FOLDERS = re.compile(rf"(?<![\w.…:/~])(?:file://)?(?:[A-Za-z]:)?[/\\](?:{PART}[/\\])+(?=[^/\\\s])")
"""The folders before the last part of an absolute path; a web address has a letter or colon before its slashes."""


def provenance() -> dict[str, Any]:
    """Groups "software" and "machine", and the command.

    Versions are read from the metadata of the installed packages, which are not imported.
    """
    software = {"medtrans": __version__, "python": platform.python_version()}
    software |= {package: version(package) for package in PACKAGES}
    machine = {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "logical processors": os.cpu_count() or "unknown",
    }
    return {"software": software, "machine": machine, "command": command(sys.argv)}


def version(package: str) -> str:
    """The installed version, or "absent"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def command(arguments: list[str]) -> str:
    """The command line with every absolute path reduced to its last part."""
    name = PurePath(arguments[0]).name if arguments else ""
    program = {"__main__.py": "python -m medtrans", "-c": "python -c", "": "python"}.get(name, name)
    return " ".join([program, *map(without_folders, arguments[1:])])


def without_folders(text: str) -> str:
    """`text` with the folders of absolute paths left out: "/data/ada/cases/a.nii" becomes "…/a.nii"."""
    return FOLDERS.sub("…/", text.replace(_home(), "~"))


def _home() -> str:
    """The home folder; where there is none, or it is the root, a text that no path contains."""
    try:
        home = Path.home()
    except RuntimeError:
        return "\0"
    return str(home) if len(home.parts) > 1 else "\0"

"""List of wheels of an installation without internet: names, versions and hashes, as pip resolves them here.

    python packaging/wheels.py [EXTRA …] > wheels.txt

Run it on the kind of machine and the Python for which the list is. It downloads descriptions of packages, no more.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
EXTRAS = ("dicom", "openvino")


def resolved(extras: list[str]) -> dict[str, Any]:
    """The report of pip on what it would install."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        words = ["install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet"]
        words += ["--report", str(report), f"{ROOT}[{','.join(extras)}]"]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True, stdout=subprocess.DEVNULL)
        return dict(json.loads(report.read_text()))


def lines(report: dict[str, Any], extras: list[str]) -> list[str]:
    """A requirements file: one package a line, with the hash of its wheel; medtrans itself is left out."""
    found = []
    for package in report["install"]:
        name, archive = package["metadata"]["name"], package["download_info"].get("archive_info")
        if archive is None or name == "medtrans":
            continue
        found.append(f"{name}=={package['metadata']['version']} --hash=sha256:{archive['hashes']['sha256']}")
    python, machine = f"{platform.python_implementation()} {platform.python_version()}", platform.machine()
    kind = f"{python}, {report['environment']['platform_system']} {machine}"
    what = f"# Wheels of medtrans[{','.join(extras)}] for {kind}, by pip {report['pip_version']}."
    head = [what, "# Made by packaging/wheels.py; do not edit."]
    return [*head, *sorted(found, key=str.lower)]


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(EXTRAS)
    print("\n".join(lines(resolved(chosen), chosen)))

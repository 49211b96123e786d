"""The page's own scripts, and NiiVue packed: all that may run in a page, each named there by its hash.

NiiVue: a viewer for volumes in the browser, https://github.com/niivue/niivue; version and licences lie beside it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "viewer"


@dataclass(frozen=True)
class Scripts:
    """`own` are run as the page opens; `niivue` is unpacked by them when a person asks; `hashes` allow them to."""

    own: tuple[str, ...]
    niivue: str
    licences: str
    hashes: str


@cache
def scripts() -> Scripts:
    """Read and packed once: packing takes a fifth of a second."""
    own = tuple((FOLDER / name).read_text(encoding="utf-8") for name in ("tables.js", "viewer.js"))
    library = (FOLDER / "niivue.umd.js").read_bytes()
    pack_for_viewer = base64.b64encode(gzip.compress(library, 9, mtime=0)).decode()
    licences = (FOLDER / "niivue.LICENSE.txt").read_text(encoding="utf-8")
    hashes = " ".join(_hash(text) for text in (*(text.encode() for text in own), library))
    return Scripts(own, pack_for_viewer, licences, hashes)


def _hash(script: bytes) -> str:
    """As a content security policy names a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"

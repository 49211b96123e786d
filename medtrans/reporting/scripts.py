"""Scripts of the page: its own, and NiiVue compressed. The content security policy allows each by its hash.

NiiVue: a volume viewer for browsers, https://github.com/niivue/niivue; its licences are in the same folder.
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
    """`own` run when the page opens; they decompress `niivue` on request. `hashes` are those of all scripts."""

    own: tuple[str, ...]
    niivue: str
    licences: str
    hashes: str


@cache
def scripts() -> Scripts:
    """Read and compressed once, in 0.2 s."""
    own = tuple((FOLDER / name).read_text(encoding="utf-8") for name in ("tables.js", "viewer.js"))
    library = (FOLDER / "niivue.umd.js").read_bytes()
    niivue = base64.b64encode(gzip.compress(library, 9, mtime=0)).decode()
    licences = (FOLDER / "niivue.LICENSE.txt").read_text(encoding="utf-8")
    hashes = " ".join(_hash(text) for text in (*(text.encode() for text in own), library))
    return Scripts(own, niivue, licences, hashes)


def _hash(script: bytes) -> str:
    """Hash of a script for the content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"

"""Names of cases: each becomes the name of files in the run folder, so it must be one plain part of a path."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from medtrans.core.errors import UsageError

MAX_NAME_BYTES = 120
"""File systems allow 255 bytes with suffixes and temporary names."""
RESERVED = frozenset(["con", "prn", "aux", "nul"]) | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
"""Names that no file may have on Windows."""
ADVICE = "use letters, digits, '-', '_' and '.'"


def refuse_unsafe_names(names: Iterable[str], where: str | Path) -> None:
    """Raise UsageError on a name that is no plain part of a path, and on two that a file system may not tell apart."""
    seen: dict[str, str] = {}
    for name in names:
        what = _unsafe(name)
        if what:
            raise UsageError(where, f"the case {_printed(name)} {what}", ADVICE)
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            what = f"the cases {seen[folded]} and {name} have names that some file systems do not tell apart"
            raise UsageError(where, what, "rename one")
        seen[folded] = name


def _unsafe(name: str) -> str:
    """What is wrong with the name of a case; empty where nothing is."""
    if any(sign in name for sign in "/\\:"):
        return "has a separator of folders in its name, so its files would lie elsewhere"
    if not name.isprintable():
        return "has a character in its name that cannot be printed"
    if not name.strip(". ") or name != name.strip(" ") or name.startswith((".", "-")) or name.endswith("."):
        return "has a name that begins or ends with a dot, a space or a minus sign"
    if name.casefold().partition(".")[0] in RESERVED:
        return "has a name that is reserved on Windows"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"has a name of {len(name.encode())} bytes; at most {MAX_NAME_BYTES} fit into the names of its files"
    return ""


def _printed(name: str) -> str:
    text = ascii(name)
    return text if len(text) <= MAX_NAME_BYTES else text[:MAX_NAME_BYTES] + "…"

"""Folder of an audit: all its files are whole before the first gets its name; audit.json proves the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtrans import __version__
from medtrans.batching.staging import publish, staged
from medtrans.core.sealed_json import seal
from medtrans.reading.storage import sha256, write_atomically
from medtrans.reading.temporary_files import remove_strays

DOCUMENT, PAGE = "audit.json", "audit.html"
Write = Callable[[Path], None]
"""Writes a file at a path where there is none."""


def write_audit(
    folder: Path,
    contents: Mapping[str, bytes | Write],
    facts: Mapping[str, Any],
    notice: str,
    *,
    written: Sequence[Path] = (),
) -> None:
    """Write files by name, then audit.json with `facts` and their hashes, and those of what is already `written`.

    Raises EnvironmentRefused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_strays(folder)
    with staged(folder) as place:
        for name, content in contents.items():
            if callable(content):
                content(place / name)
            else:
                write_atomically(place / name, content, overwrite=False)
        hashes = {name: sha256(place / name) for name in contents} | {path.name: sha256(path) for path in written}
        document = {"notice": notice, "medtrans": __version__, **facts, "outputs": hashes}
        write_atomically(place / DOCUMENT, seal(document), overwrite=False)
        publish([place / name for name in (*contents, DOCUMENT)], folder)

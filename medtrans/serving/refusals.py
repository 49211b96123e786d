"""Requests that the local page answers: from this machine, to this address, with the token, of a page of its own.

| refused | against |
|---|---|
| a Host other than 127.0.0.1 or localhost with the port | DNS rebinding: a foreign name that leads to this machine |
| an Origin other than its own | pages of others, open in the same browser |
| a path without the token | other users of this machine |
| a name with a folder in it, or of no known format | path traversal |
| more bytes than the limit | a full disk |
| a zip that unpacks to more than `LARGEST_RATIO` times the limit | zip bombs |
"""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.formats import supported
from medtrans.reading.names import suffix_of
from medtrans.reading.zipped_series import DAMAGED

NAME = re.compile(r"[\w(][\w .()+,=@-]{0,149}")
"""Names that are stored as they are: no folder, no hidden file, no control character."""
LARGEST_RATIO = 4
MAX_MEMBERS = 20_000
"""Files in a zip."""


def is_own_host(host: str, port: int) -> bool:
    """Whether a Host header names this server."""
    return host in {f"127.0.0.1:{port}", f"localhost:{port}"}


def is_own_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from the page itself, or from no page at all."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    return origin in (None, f"http://{headers.get('host', '')}") and site in ("none", "same-origin")


def is_token(given: str, token: str) -> bool:
    """Compared in a time that does not depend on how much of it is right."""
    return secrets.compare_digest(given.encode(), token.encode())


def refuse_name(name: str) -> None:
    """Raises UsageError on a name that is no plain name of a volume or a zip."""
    if not NAME.fullmatch(name) or ".." in name:
        what = "is not a plain name of a file"
        raise UsageError(name[:80] or "the file", what, "use letters, digits, spaces and . _ - ( ) + , = @")
    if not suffix_of(name) and not name.lower().endswith(".zip"):
        raise UsageError(name, "is not the name of a volume or a zip", f"{supported()}, or a DICOM series as .zip")


def refuse_bomb(path: Path, limit: int) -> None:
    """Raises InputRefused on a zip whose members, as its directory says, are too many or too large."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except DAMAGED as reason:
        raise InputRefused(path.name, f"is not a readable zip ({type(reason).__name__})", "zip it again") from reason
    size = sum(member.file_size for member in members)
    if size > LARGEST_RATIO * limit or len(members) > MAX_MEMBERS:
        what = (
            f"unpacks to {size / 1e6:.0f} MB in {len(members)} files; {LARGEST_RATIO * limit / 1e6:.0f} MB are allowed"
        )
        raise InputRefused(path.name, what, "zip the one series alone, or use medtrans translate")

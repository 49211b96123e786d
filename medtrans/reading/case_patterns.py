"""Paths with {case} in place of the name of a case: "real/{case}/ct.nii.gz", "made/{case}_synct_*.mha"."""

from __future__ import annotations

import re
from pathlib import Path

from medtrans.core.errors import UsageError

CASE = "{case}"
ANY = {"*": "[^/]*", "?": "[^/]"}


def is_case_pattern(path: Path) -> bool:
    """Whether the path stands for one file of every case."""
    return CASE in str(path)


def files_by_case(pattern: Path) -> dict[str, Path]:
    """Case → its file, by name; a star stands for any text within a name. Raises UsageError on two files of a case."""
    start = next(number for number, part in enumerate(pattern.parts) if CASE in part or set(part) & set(ANY))
    folder, below = Path(*pattern.parts[:start]), "/".join(pattern.parts[start:])
    words = re.split(r"(\{case\}|[*?])", below)
    first = words.index(CASE)
    parts = [ANY.get(word) or ("(?P=case)" if word == CASE else re.escape(word)) for word in words]
    parts[first] = "(?P<case>[^/]+?)"
    named, found = re.compile("".join(parts)), dict[str, Path]()
    for path in sorted(folder.glob(below.replace("[", "[[]").replace(CASE, "*"))):
        match = named.fullmatch(path.relative_to(folder).as_posix())
        if match is None:
            continue
        other = found.setdefault(match["case"], path)
        if other != path:
            what = f"{other.name} and {path.name} are both of case {match['case']}"
            raise UsageError(pattern, what, "make the pattern narrower")
    return found

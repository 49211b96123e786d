"""Files of an audit: each source with what lies beside it, as one file or in folders of the same names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.evaluating.matched_files import has_several, volumes_by_name
from medtrans.reading.names import stem


def matched_files(sources: Path, beside: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Case → role → path. Raises UsageError, InputRefused."""
    for path in (sources, *beside.values()):
        if not path.exists():
            raise InputRefused(path, "does not exist", "check the path")
    if not has_several(sources):
        for role, path in beside.items():
            if has_several(path):
                raise UsageError(path, "is a folder, but the source is one file", f"give one file of --{role}")
        return {stem(sources): {"source": sources, **beside}}
    files = {name: {"source": path} for name, path in volumes_by_name(sources).items()}
    for role, path in beside.items():
        if not has_several(path):
            raise UsageError(path, "is one file, but the sources are a folder", "give a folder of the same names")
        named = volumes_by_name(path)
        missing = sorted(files.keys() - named.keys())
        if missing:
            what = f"holds no {role} of the name {missing[0]}"
            raise UsageError(path, what, "names before the suffix must be equal: rename or link the files")
        for name, roles in files.items():
            roles[role] = named[name]
    return files

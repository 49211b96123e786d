"""Outputs of a command: planned together, and checked before anything is written.

    an output equals another output, or an input        refused
    exists                                              refused without `overwrite`
    exists, but is a file of another kind               refused, also with `overwrite`

Every command that writes calls `plan_outputs` first, so the rules are the same for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtrans.batching.file_kinds import Kind, is_of_kind, refuse_wrong_name
from medtrans.core.errors import UsageError
from medtrans.reading.names import sidecar_path, stem
from medtrans.reading.volumes import files_of, is_volume, volumes_in

NAMED = 3
"""Existing files that an error names; the others are counted."""
ADVICE = "give --overwrite to replace what this command writes, or another output"


@dataclass(frozen=True)
class Output:
    """A file that a command may write."""

    path: Path
    kind: Kind
    source: str = ""
    """What it is made of, for messages."""


def plan_outputs(
    planned: Sequence[Output],
    inputs: Iterable[Path] = (),
    overwrite: bool = False,
    *,
    replaceable: Callable[[Path], bool] = lambda _: False,
    advice: str = ADVICE,
) -> None:
    """Refuse outputs that would replace an input, each other, an existing file, or one of another kind.

    A folder in `inputs` stands for its volumes with their sidecars, or for all its files if it holds no volume.
    Existing files are replaced with `overwrite` or where `replaceable` says so. Raises UsageError.
    """
    refuse_collisions(planned, inputs)
    refuse_existing_outputs(planned, overwrite, replaceable=replaceable, advice=advice)


def refuse_collisions(planned: Sequence[Output], inputs: Iterable[Path]) -> None:
    """No output may be another output or an input, whatever the path that leads to it. Raises UsageError."""
    inputs = list(inputs)
    files = [file for path in inputs for file in _input_files(path)]
    sidecars = {_real(sidecar_path(file)) for file in files if is_volume(file)}
    identities = {_identity(file) for file in (*files, *inputs)} - {None}
    taken: dict[Path, Output] = {}
    for output in planned:
        refuse_wrong_name(output.path, output.kind)
        key = _real(output.path)
        for each in {key, key.with_name(stem(key)) if output.kind == "volume" else key}:
            other = taken.setdefault(each, output)
            if other is not output:
                whose = other.source or other.path.name
                what = f"would have the same output as {whose}: {output.path.name}"
                raise UsageError(output.source or output.path, what, "rename one of them")
        if _identity(output.path) in identities:
            raise UsageError(output.path, "is an input, which medtrans never overwrites", "give another output")
        if output.kind == "sidecar" and key in sidecars:
            what = f"differs from an input only by its suffix: both would have the sidecar {key.name}"
            raise UsageError(output.path, what, "give another name")


def refuse_existing_outputs(
    planned: Sequence[Output],
    overwrite: bool,
    *,
    replaceable: Callable[[Path], bool] = lambda _: False,
    advice: str = ADVICE,
) -> None:
    """Raise UsageError on outputs that exist and must not be replaced: one sentence, however many there are."""
    existing = []
    for output in planned:
        path = output.path
        blocked = next((folder for folder in path.parents if os.path.lexists(folder) and not folder.is_dir()), None)
        if blocked:
            raise UsageError(blocked, f"is a file, so {path.name} cannot be written below it", "give another output")
        if not os.path.lexists(path):
            continue
        _refuse_other_type(output)
        if output.kind != "ledger" and not overwrite and not replaceable(path):
            existing.append(path)
        elif not is_of_kind(path, output.kind):
            what = f"exists and is not a {output.kind} of medtrans, so it is not replaced"
            raise UsageError(path, what, "move it away, or give another output")
    if existing:
        raise UsageError(*_sentence(existing), advice)


def _refuse_other_type(output: Output) -> None:
    """Raise UsageError where a folder stands in the place of a file, a file in that of a folder, or neither."""
    path = output.path
    if path.is_dir() if output.kind == "series" else path.is_file() or not path.exists():
        return
    what = "is a folder" if path.is_dir() else "is a file" if path.is_file() else "is a device or a pipe, not a file"
    raise UsageError(path, f"{what}, where a {output.kind} would be written", "give another output")


def _sentence(existing: Sequence[Path]) -> tuple[Path, str]:
    """Where and what: the first names, and how many more."""
    if len(existing) == 1:
        return existing[0], "exists"
    names = [path.name for path in existing[:NAMED]]
    more = f" and {len(existing) - NAMED} more" if len(existing) > NAMED else ""
    return existing[0].parent, f"{len(existing)} outputs exist: {', '.join(names)}{more}"


def _input_files(path: Path) -> list[Path]:
    if not path.is_dir() or is_volume(path):
        return list(files_of(path))
    volumes = volumes_in(path)
    if not volumes:
        return [file for file in path.iterdir() if file.is_file()]
    beside = [sidecar for sidecar in map(sidecar_path, volumes) if sidecar.is_file()]
    return [file for volume in volumes for file in files_of(volume)] + beside


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a file: equal for all its names. None where it does not exist."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _real(path: Path) -> Path:
    """The folder by its real path; the name is kept, since a link is replaced and its target is not."""
    return path.parent.resolve() / path.name

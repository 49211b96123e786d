"""Inputs of a batch: volumes, folders of volumes, trees of folders, or a list in a file.

| given | cases |
|---|---|
| a volume | itself |
| several volumes | contrasts of one case |
| a folder | its volumes |
| a folder, recursive | the volumes in it and below it; outputs keep the tree |
| several folders | the volumes of all of them |
| a list | one case a line; a tab separates the contrasts of a case |
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from medtrans.batching.plan import Inputs, is_folder_of_volumes
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.formats import supported
from medtrans.reading.names import suffix_of
from medtrans.reading.storage import entries_of, read_bytes
from medtrans.reading.volumes import volumes_of, without_series_beside

MAX_LIST_BYTES = 1 << 26
MAX_DEPTH = 32
"""Folders within folders that are searched."""


@dataclass(frozen=True)
class FoundInputs:
    """Cases, each of one volume or of several contrasts."""

    inputs: Inputs
    """As `plan` takes them."""
    places: tuple[str, ...] | None = None
    """Folder of the output of each case below that of the batch, "" for that itself; None without folders."""
    volumes: tuple[Path, ...] | None = None
    """Volumes of folders, which the inputs are; None where the inputs are given one by one."""

    def without(self, left_out: Collection[Path]) -> FoundInputs:
        """Without some of the volumes of folders."""
        if not left_out or self.volumes is None or self.places is None:
            return self
        kept = [each for each in zip(self.volumes, self.places, strict=True) if each[0] not in left_out]
        return of_folders([volume for volume, _ in kept], [place for _, place in kept])


def of_folders(volumes: Sequence[Path], places: Sequence[str]) -> FoundInputs:
    """One case for each volume."""
    return FoundInputs([(volume,) for volume in volumes], tuple(places), tuple(volumes))


def find_inputs(inputs: Inputs, output: Path, *, pattern: str | None = None, recursive: bool = False) -> FoundInputs:
    """The cases of a batch. `pattern` is that of the names of volumes, or, with a "/", of their paths in the folder.

    What lies in `output` is left out, hidden files and links to folders too. Raises InputRefused, UsageError,
    EnvironmentRefused.
    """
    if isinstance(inputs, (str, Path)) and not Path(inputs).exists():
        raise InputRefused(inputs, "does not exist", "check the path")
    given = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    cases = [(Path(each),) if isinstance(each, (str, Path)) else tuple(map(Path, each)) for each in given]
    single = [case[0] if len(case) == 1 else None for case in cases]
    folders = [path for path in single if path is not None and is_folder_of_volumes(path)]
    if not folders:
        if pattern is not None or (recursive and len(given) == 1):
            option = "--recursive" if pattern is None else "--pattern"
            raise UsageError(option, "is for folders of volumes", "give a folder as the input, or leave it out")
        return _listed(inputs, cases, recursive=recursive)
    if len(folders) < len(given):
        raise UsageError(folders[0], "is a folder of volumes, and another input is none", "give folders alone, or none")
    found = [path for root in folders for path in _volumes(root, pattern, output, recursive=recursive)]
    top = None if not recursive else folders[0] if len(folders) == 1 else _common(folders)
    return of_folders(found, ["" if top is None else _place(path, top) for path in found])


def read_list(file: Path) -> list[tuple[Path, ...]]:
    """The cases of a list: one a line, a tab between the contrasts of one; what begins with # is left out.

    Paths are relative to the current folder, as on the command line. Raises InputRefused, UsageError.
    """
    lines = _lines(file)
    if not lines:
        raise UsageError(file, "lists nothing", "give a list of paths, one a line")
    return [tuple(Path(word) for word in line) for line in lines]


def read_names(file: Path) -> frozenset[str]:
    """The names of cases in a list, which may be empty; a line may name a file of the case, and more after a tab."""
    names = [line[0] for line in _lines(file)]
    return frozenset(name.removesuffix(suffix_of(name)) for name in names)


def _lines(file: Path) -> list[list[str]]:
    """The words of each line, between tabs; none of remarks and of empty lines. Raises InputRefused, UsageError."""
    try:
        lines = read_bytes(file, MAX_LIST_BYTES).decode().splitlines()
    except UnicodeDecodeError:
        raise UsageError(file, "is not a text in UTF-8", "give a list, one case a line") from None
    words = [[word.strip() for word in line.split("\t") if word.strip()] for line in lines if not line.startswith("#")]
    return [line for line in words if line]


def is_batch_of_cases(inputs: Inputs) -> bool:
    """Whether inputs can be shared out: a folder or a list of cases, whatever it holds; one volume cannot."""
    if isinstance(inputs, (str, Path)):
        return is_folder_of_volumes(Path(inputs))
    return len(inputs) > 1 or (bool(inputs) and isinstance(inputs[0], Path) and is_folder_of_volumes(inputs[0]))


def _listed(inputs: Inputs, cases: Sequence[tuple[Path, ...]], *, recursive: bool) -> FoundInputs:
    """Volumes as given; with `recursive` the tree below their common folder is kept."""
    if not recursive:
        return FoundInputs(inputs)
    first = [case[0] for case in cases]
    top = _common([path.parent for path in first])
    return FoundInputs(inputs, tuple(_place(path, top) for path in first))


def _volumes(root: Path, pattern: str | None, output: Path, *, recursive: bool) -> list[Path]:
    """Raises InputRefused where there is none, or none that fits."""
    found = _below(root, output.resolve(), MAX_DEPTH) if recursive else volumes_of(root)
    if not found:
        raise InputRefused(root, "holds no volume, nor do the folders in it", supported())
    fitting = [path for path in found if pattern is None or _fits(path, root, pattern)]
    if not fitting:
        what = f"none of its {len(found)} volumes fits the pattern {pattern!r} (the first is {found[0].name})"
        raise InputRefused(root, what, "correct --pattern; quote it, so that the shell leaves it alone")
    return fitting


def _fits(path: Path, root: Path, pattern: str) -> bool:
    return fnmatchcase(path.relative_to(root).as_posix() if "/" in pattern else path.name, pattern)


def _below(folder: Path, output: Path, depth: int) -> list[Path]:
    """Volumes in a folder and below it, sorted by folder."""
    if folder.resolve() == output or not depth:
        return []
    entries = sorted(entry for entry in entries_of(folder) if not entry.name.startswith("."))
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink() and is_folder_of_volumes(entry)]
    inside = without_series_beside([entry for entry in entries if entry not in set(folders)])
    return inside + [path for entry in folders for path in _below(entry, output, depth - 1)]


def _common(folders: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath([folder.absolute() for folder in folders]))
    except ValueError:
        what = "the inputs have no common folder, below which a tree could be kept"
        raise UsageError("--recursive", what, "translate them by several commands") from None


def _place(path: Path, top: Path) -> str:
    place = Path(os.path.relpath(path.parent.absolute(), top.absolute())).as_posix()
    return "" if place == "." else place

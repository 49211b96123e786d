"""Prepared volumes on disk, so that only the first epoch decodes and prepares.

A case is kept as .npy files under a name made from its files (path, size, time of change) and from what preparation
does to it; when either changes, it is prepared anew. The files are mapped, not read: a draw touches only the slices it
needs, which lie together, for the axis across the slices is stored first. The description is written last: without it,
nothing is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.case import Case, Pair
from medtrans.core.errors import EnvironmentRefused, InputRefused, MedtransError
from medtrans.preparing.patches import PLANES
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.cohort import load_pair
from medtrans.reading.files import read_bytes, write_atomically

FORMAT = 2
LARGEST_DESCRIPTION = 1 << 20


@dataclass(frozen=True, eq=False)
class Stored:
    """What training needs of a Prepared, on disk. Mapped anew each time, so that it is cheap to send to a process."""

    stem: Path
    axis: int
    """The axis that is stored first."""
    affine: np.ndarray
    background: float

    @property
    def voxels(self) -> np.ndarray:
        """(channel, i, j, k) float32, mapped."""
        return np.moveaxis(_mapped(_beside(self.stem, "voxels.npy")), 0, self.axis + 1)

    @property
    def within(self) -> np.ndarray:
        """(i, j, k) bool, mapped."""
        return np.moveaxis(_mapped(_beside(self.stem, "within.npy")), 0, self.axis)


def cached(
    cases: Sequence[Case],
    preparation: Preparation,
    folder: Path,
    *,
    load: Callable[[Case], Pair] = load_pair,
    on_progress: Callable[[float], None] | None = None,
) -> list[tuple[Stored | None, Stored | None]]:
    """Source and target of each case, prepared in `folder` where they are not there yet; None for a side it lacks.

    `on_progress` is told the share that is done. Raises InputRefused, EnvironmentRefused.
    """
    found = []
    for done, case in enumerate(cases):
        found.append(_case(case, preparation, folder, load))
        if on_progress:
            on_progress((done + 1) / len(cases))
    return found


def _case(
    case: Case, preparation: Preparation, folder: Path, load: Callable[[Case], Pair]
) -> tuple[Stored | None, Stored | None]:
    key, axis = _key(case, preparation), _first_axis(preparation)
    roles = [role for role, files in (("source", case.sources), ("target", case.targets)) if files]
    stored = {role: _open(folder / f"{key}.{role}", axis) for role in roles}
    if None in stored.values():
        prepared = _prepared(case, preparation, load)
        for role in roles:
            _write(folder / f"{key}.{role}", axis, prepared[role])
            stored[role] = _open(folder / f"{key}.{role}", axis)
    return stored.get("source"), stored.get("target")


def _prepared(case: Case, preparation: Preparation, load: Callable[[Case], Pair]) -> dict[str, Prepared]:
    """The sides of the case by name. A pair's target is normalised in the body found in its source."""
    pair = load(case)
    with _naming(case.name):
        prepared = {"source": preparation.source(pair.source, pair.mask)} if case.sources else {}
        if pair.target is not None:
            like = pair.source if case.sources else None
            prepared["target"] = preparation.target(pair.target, pair.mask, like=like)
    return prepared


@contextlib.contextmanager
def _naming(case: str) -> Iterator[None]:
    """Errors within say which case they are about."""
    try:
        yield
    except MedtransError as reason:
        raise type(reason)(f"{case}: {reason.where}", reason.what, reason.advice) from reason


def _key(case: Case, preparation: Preparation) -> str:
    files = [*case.sources, *case.targets, *([case.mask] if case.mask else [])]
    done = preparation.to_dict()
    settings = {name: done[name] for name in ("orientation", "spacing", "source", "target", "body")}
    roles = [len(case.sources), len(case.targets)]
    facts = [FORMAT, _first_axis(preparation), roles, [_stamp(file) for file in files], settings]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _stamp(file: Path) -> list[Any]:
    try:
        facts = file.stat()
    except OSError as reason:
        raise InputRefused(file, "cannot be found", "check the path") from reason
    return [str(file.resolve()), facts.st_size, facts.st_mtime_ns]


def _first_axis(preparation: Preparation) -> int:
    return PLANES[preparation.settings.plane] if preparation.settings.spatial_dims == 2 else 0


def _write(stem: Path, axis: int, prepared: Prepared) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(_beside(stem, "voxels.npy"), _npy(np.moveaxis(prepared.voxels, axis + 1, 0)))
    write_atomically(_beside(stem, "within.npy"), _npy(np.moveaxis(prepared.within, axis, 0)))
    facts = {"affine": prepared.affine.tolist(), "background": prepared.background}
    write_atomically(_beside(stem, "json"), json.dumps(facts).encode())


def _open(stem: Path, axis: int) -> Stored | None:
    """What is stored, or None where nothing whole is."""
    if not _beside(stem, "json").exists():
        return None
    try:
        facts = json.loads(read_bytes(_beside(stem, "json"), LARGEST_DESCRIPTION))
        stored = Stored(stem, axis, np.array(facts["affine"]), facts["background"])
        return stored if stored.voxels.shape[1:] == stored.within.shape else None
    except (ValueError, KeyError, EnvironmentRefused):
        return None


def _mapped(file: Path) -> np.ndarray:
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as reason:
        raise EnvironmentRefused(file, "is gone or damaged", "start again: it is made anew from the case") from reason


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")

"""Cache: prepared volumes on disk, so that only the first epoch decodes and prepares.

A case is stored as .npy files under a key made from its files (path, size, time of change) and from the preparation;
when either changes, it is prepared again. The arrays are memory-mapped, not read: an item touches only the slices it
needs, which are contiguous, since the axis across the slices is stored first. The description is written last: an
interrupted entry has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtrans.core.case import Case, Pair
from medtrans.core.errors import EnvironmentRefused, MedtransError
from medtrans.preparing.patches import PLANES
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.cohort import load_pair
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.reading.volumes import stamp

FORMAT = 3
"""Version of the files of an entry; part of its key."""
MAX_DESCRIPTION_BYTES = 1 << 20
KEY_SETTINGS = (
    "orientation",
    "spacing",
    "source_normalisation",
    "target_normalisation",
    "body_mask",
    "source_modality",
    "target_modality",
)
"""What of a preparation changes its volumes: augmentation, slices and patches do not."""


@dataclass(frozen=True, eq=False)
class CachedVolume:
    """A prepared volume on disk. Mapped at every access, so that it is cheap to send to another process."""

    stem: Path
    axis: int
    """The axis that is stored first."""
    affine: np.ndarray
    background: float

    @property
    def voxels(self) -> np.ndarray:
        """(channel, i, j, k) float32, memory-mapped."""
        return np.moveaxis(_mapped(_file(self.stem, "voxels.npy")), 0, self.axis + 1)

    @property
    def mask(self) -> np.ndarray:
        """(i, j, k) bool, memory-mapped."""
        return np.moveaxis(_mapped(_file(self.stem, "mask.npy")), 0, self.axis)


CachedPair = tuple[CachedVolume | None, CachedVolume | None]
"""Source and target of a case; None for a side that the case lacks."""


def cached(
    cases: Sequence[Case],
    preparation: Preparation,
    folder: Path,
    *,
    load: Callable[[Case], Pair] = load_pair,
    on_progress: Callable[[float], None] | None = None,
) -> list[CachedPair]:
    """Source and target of each case, prepared in `folder` where they are not there yet.

    `on_progress` is called with the fraction that is done. Raises InputRefused, EnvironmentRefused.
    """
    pairs = []
    for done, case in enumerate(cases):
        pairs.append(_cached_pair(case, preparation, folder, load))
        if on_progress:
            on_progress((done + 1) / len(cases))
    return pairs


def _cached_pair(case: Case, preparation: Preparation, folder: Path, load: Callable[[Case], Pair]) -> CachedPair:
    key, axis = _key(case, preparation), _first_axis(preparation)
    roles = [role for role, paths in (("source", case.sources), ("target", case.targets)) if paths]
    entries = {role: _open(folder / f"{key}.{role}", axis) for role in roles}
    if None in entries.values():
        prepared = _prepare(case, preparation, load)
        for role in roles:
            _write(folder / f"{key}.{role}", axis, prepared[role])
            entries[role] = _open(folder / f"{key}.{role}", axis)
    return entries.get("source"), entries.get("target")


def _prepare(case: Case, preparation: Preparation, load: Callable[[Case], Pair]) -> dict[str, Prepared]:
    """The sides of the case by role. A pair's target is normalised in the body found in its source."""
    pair = load(case)
    with _naming(case.name):
        prepared = {"source": preparation.prepare_source(pair.source, pair.mask)} if case.sources else {}
        if pair.target is not None:
            like = pair.source if case.sources else None
            prepared["target"] = preparation.prepare_target(pair.target, pair.mask, like=like)
    return prepared


@contextlib.contextmanager
def _naming(case: str) -> Iterator[None]:
    """Adds the name of the case to errors."""
    try:
        yield
    except MedtransError as reason:
        raise type(reason)(f"{case}: {reason.where}", reason.what, reason.advice, reason.code) from reason


def _key(case: Case, preparation: Preparation) -> str:
    paths = [*case.sources, *case.targets, *([case.mask] if case.mask else [])]
    values = preparation.to_dict()
    settings = {name: values[name] for name in KEY_SETTINGS}
    channels = [len(case.sources), len(case.targets)]
    facts = [FORMAT, _first_axis(preparation), channels, [stamp(path) for path in paths], settings]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _first_axis(preparation: Preparation) -> int:
    return PLANES[preparation.settings.plane] if preparation.settings.spatial_dims == 2 else 0


def _write(stem: Path, axis: int, prepared: Prepared) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(_file(stem, "voxels.npy"), _npy(np.moveaxis(prepared.voxels, axis + 1, 0)))
    write_atomically(_file(stem, "mask.npy"), _npy(np.moveaxis(prepared.mask, axis, 0)))
    description = {"affine": prepared.affine.tolist(), "background": prepared.background}
    write_atomically(_file(stem, "json"), json.dumps(description).encode())


def _open(stem: Path, axis: int) -> CachedVolume | None:
    """The entry, or None where it is missing, incomplete or damaged."""
    if not _file(stem, "json").exists():
        return None
    try:
        description = json.loads(read_bytes(_file(stem, "json"), MAX_DESCRIPTION_BYTES))
        entry = CachedVolume(stem, axis, np.array(description["affine"]), description["background"])
        return entry if entry.voxels.shape[1:] == entry.mask.shape else None
    except (ValueError, KeyError, EnvironmentRefused):
        return None


def _mapped(file: Path) -> np.ndarray:
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as reason:
        what = "is missing or damaged, so that the training has no data"
        raise EnvironmentRefused(file, what, "start again: it is made again from the case") from reason


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _file(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")

"""Cached volume: a prepared volume in .npy files that are memory-mapped, not read.

The axis across the slices is stored first, so that the slices of an item are contiguous. The description is written
last, with the SHA-256 of both files: an interrupted entry has none, and a damaged one is prepared again.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.preparing.preparation import Prepared
from medtrans.reading.storage import read_bytes, sha256, write_atomically

MAX_DESCRIPTION_BYTES = 1 << 20


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

    @property
    def lesion(self) -> np.ndarray | None:
        """(i, j, k) bool, memory-mapped; None where the case has no mask of lesions."""
        file = _file(self.stem, "lesion.npy")
        return np.moveaxis(_mapped(file), 0, self.axis) if file.exists() else None


def write_cached(stem: Path, axis: int, prepared: Prepared) -> None:
    """Write the files of an entry. Raises EnvironmentRefused."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"voxels.npy": np.moveaxis(prepared.voxels, axis + 1, 0), "mask.npy": np.moveaxis(prepared.mask, axis, 0)}
    if prepared.lesion is not None:
        arrays["lesion.npy"] = np.moveaxis(prepared.lesion, axis, 0)
    hashes = {}
    for name, array in arrays.items():
        data = _npy(array)
        hashes[name] = hashlib.sha256(data).hexdigest()
        write_atomically(_file(stem, name), data)
    description = {"affine": prepared.affine.tolist(), "background": prepared.background, "sha256": hashes}
    write_atomically(_file(stem, "json"), seal(description))


def open_cached(stem: Path, axis: int) -> CachedVolume | None:
    """The entry, or None where it is missing, incomplete or damaged."""
    if not _file(stem, "json").exists():
        return None
    try:
        description = unseal(read_bytes(_file(stem, "json"), MAX_DESCRIPTION_BYTES))
        if any(sha256(_file(stem, name)) != expected for name, expected in description["sha256"].items()):
            return None
        entry = CachedVolume(stem, axis, np.array(description["affine"]), description["background"])
        return entry if entry.voxels.shape[1:] == entry.mask.shape else None
    except (NotSealed, ValueError, KeyError, InputRefused, EnvironmentRefused):
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

"""Volumes on disk: read, written, listed and hashed. A path leads to a file, or to a folder that holds one volume."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import EmptyMask, GridMismatch, InputRefused, UsageError
from medtrans.core.sealed_json import seal
from medtrans.core.synthetic import DESCRIPTION
from medtrans.core.volume import AFFINE_TOLERANCE_MM, Volume, refuse_other_images
from medtrans.reading import formats
from medtrans.reading.derived_series import is_derived
from medtrans.reading.grids import compare_grids
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import SERIES, sidecar_path, stem
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.storage import entries_of, modified_at, refuse_existing, sha256, size_of, write_atomically


def read_volume(path: str | Path) -> Volume:
    """A volume on its grid in patient space; what the reader noticed is in `findings`.

    Raises InputRefused, also for an unknown format, and EnvironmentRefused, also without memory.
    """
    path = Path(path)
    with memory_errors(path):
        return _format_to_read(path).read(path)


def read_upright(path: str | Path) -> Volume:
    """As `read_volume`; a DICOM series of a tilted gantry is interpolated to a rectangular grid, with a finding."""
    path = Path(path)
    if _format_to_read(path) is not formats.dicom:
        return read_volume(path)
    with memory_errors(path):
        return formats.dicom.read_upright(path)


def read_channels(paths: Sequence[Path], read: Callable[[Path], Volume] = read_volume) -> Volume:
    """Volumes of one grid as the channels of one. Raises GridMismatch, InputRefused, EnvironmentRefused."""
    volumes = [read(path) for path in paths]
    first = volumes[0]
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        if not first.shares_grid_with(volume):
            difference = compare_grids(first, volume)
            what = f"differs from {paths[0].name}: {difference.what}"
            raise GridMismatch(path, what, difference.advice, difference.code)
    if len(volumes) == 1:
        return first
    voxels = np.concatenate([volume.voxels for volume in volumes])
    return Volume(voxels, first.affine, first.origin, tuple(f for volume in volumes for f in volume.findings))


def read_mask(path: str | Path, label: int | None = None) -> Volume:
    """A mask: voxels above 0 count, or those of one `label` of a label map.

    Raises InputRefused on more than two values without a label, as an image or a mask that went through JPEG has them,
    on two of which none is 0, and on a label that is not there; EnvironmentRefused.
    """
    mask = read_volume(path)
    if label is not None:
        if not (mask.voxels == label).any():
            raise InputRefused(path, f"has no voxel of the label {label}", "give one that it holds", "missing-label")
        return mask.like((mask.voxels == label).astype(np.uint8))
    values = np.unique(mask.voxels)
    if len(values) > 2 or (len(values) == 2 and values[0] > 0):
        what = f"holds {len(values)} different values ({values[0]:g} … {values[-1]:g}), and a mask has 0 and one other"
        advice = "give a mask of the body, or the value that counts: --mask-label N, in a recipe reading.mask_label"
        raise InputRefused(path, what, advice, "grey-mask")
    return mask


def refuse_empty_mask(mask: Volume, where: str) -> None:
    """Raises EmptyMask where no voxel counts."""
    if not (mask.voxels > 0).any():
        raise EmptyMask(where, "the mask holds no voxel above 0", "give a mask of the body", "empty-mask")


def read_grid(path: str | Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine of a volume, from the header alone where the format allows it. Raises as `read_volume`."""
    path = Path(path)
    return _format_to_read(path).read_grid(path)


def share_grid(one: Path, other: Path) -> bool:
    """Whether two volumes have one shape and affine, from their headers where the format allows it."""
    (shape, affine), (other_shape, other_affine) = read_grid(one), read_grid(other)
    return shape == other_shape and np.allclose(affine, other_affine, rtol=0, atol=AFFINE_TOLERANCE_MM)


def write_volume(
    volume: Volume, path: str | Path, *, dtype: Any = None, description: str = "", overwrite: bool = False
) -> None:
    """Write a volume completely or not at all. `dtype` None keeps the type of the voxels.

    Voxels that a model computed are marked as by `medtrans translate`: SYNTHETIC in the header of the file, and a
    sidecar beside it. Raises UsageError where the path exists or its format is unknown, InputRefused where values do
    not fit the type.
    """
    path = Path(path)
    refuse_other_images(volume, str(path))
    form, beside = formats.format_of(path), sidecar_path(path)
    if not overwrite:
        refuse_existing(path)
    if volume.provenance is None:
        form.write(volume, path, dtype=dtype, description=description)
        return
    if beside.exists() and not (overwrite and read_sidecar(beside)):
        raise UsageError(beside, "exists, where the sidecar would be", "give another name, or overwrite a translation")
    beside.unlink(missing_ok=True)  # At no moment it lies beside what it does not describe.
    form.write(volume, path, dtype=dtype, description=description or DESCRIPTION)
    facts = volume.provenance.to_dict()
    output = {"file": path.name, "sha256": hash_volume(path)}
    write_atomically(beside, seal({**facts, "output": {**output, **facts["output"]}}))


def is_volume(path: Path) -> bool:
    """Whether a path is of a known format: by the name of a file, or by the content of a folder."""
    return formats.matching_format(path) is not None


def volumes_in(folder: Path) -> list[Path]:
    """The volumes in a folder, sorted. What is hidden is left out.

    Raises EnvironmentRefused where the folder cannot be listed.
    """
    return sorted(entry for entry in entries_of(folder) if not entry.name.startswith(".") and is_volume(entry))


def volumes_of(folder: Path) -> list[Path]:
    """The volumes in a folder that is an input, without a derived series NAME_dicom beside NAME, which is the same one.

    Raises InputRefused where there is none, EnvironmentRefused.
    """
    if not folder.exists():
        raise InputRefused(folder, "does not exist", "check the path")
    if not folder.is_dir():
        raise InputRefused(folder, "is not a folder", "give a folder of volumes")
    volumes = without_series_beside(volumes_in(folder))
    if not volumes:
        raise InputRefused(folder, "holds no volume (folders in it are not searched)", formats.supported())
    return volumes


def without_series_beside(paths: Sequence[Path]) -> list[Path]:
    """Those of the paths in one folder that are volumes, without the derived series of one of them."""
    found = [path for path in paths if is_volume(path)]
    names = {stem(path) for path in found}
    return [path for path in found if not _is_beside(path, names)]


def _is_beside(path: Path, names: Collection[str]) -> bool:
    """Whether a folder is the derived series of one of these volumes, by its name and by its content."""
    return path.name.endswith(SERIES) and path.name.removesuffix(SERIES) in names and is_derived(path)


def files_of(path: Path) -> tuple[Path, ...]:
    """All files of a volume, in a fixed order; of an unknown format, the path itself."""
    form = formats.matching_format(path)
    return form.files(path) if form else (path,)


def hash_volume(path: str | Path) -> str:
    """SHA-256 of a volume in hexadecimal: of its file's bytes, or of the names and hashes of its several files.

    Raises InputRefused, EnvironmentRefused.
    """
    files = files_of(Path(path))
    if len(files) == 1:
        return sha256(files[0])
    return hashlib.sha256("".join(f"{sha256(file)}  {file.name}\n" for file in files).encode()).hexdigest()


def size_of_volume(path: str | Path) -> int:
    """Bytes of all files of a volume. Raises InputRefused, EnvironmentRefused."""
    return sum(size_of(file) for file in files_of(Path(path)))


def stamp(path: str | Path) -> list[list[str | int]]:
    """Path, size and time of change of each file of a volume: plain values that differ after every change.

    Raises InputRefused, EnvironmentRefused.
    """
    return [[str(file.resolve()), size_of(file), modified_at(file)] for file in files_of(Path(path))]


def same_geometry(one: Volume, other: Volume) -> bool:
    """Whether shape, affine and the headers' place in space (codes and units included) are equal bit for bit."""
    if one.shape != other.shape or not np.array_equal(one.affine, other.affine):
        return False
    if one.origin is None or other.origin is None:
        return one.origin is other.origin
    if one.origin.format != other.origin.format:
        return False
    form = next((form for form in formats.FORMATS if one.origin.format == form.NAME), None)
    if form is None:
        return one.origin.header is other.origin.header
    return form.same_header(one.origin.header, other.origin.header)


def _format_to_read(path: Path) -> formats.Format:
    """Raises InputRefused, since an input that is no volume is refused as one that is damaged."""
    form = formats.matching_format(path)
    if form is None:
        raise InputRefused(path, "is not of a known format", formats.supported())
    return form

"""The one reader and the one writer: every byte comes in and leaves through here.

A file is written under a temporary name beside its place, flushed to disk, read back, and renamed: killed, out of space
or broken at any point, the output is whole or absent, and an older one survives.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import Any

from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.core.volume import Volume

NIFTI_SUFFIXES = (".nii", ".nii.gz")
ITK_SUFFIXES = (".mha", ".mhd", ".nrrd")
VOLUME_SUFFIXES = NIFTI_SUFFIXES + ITK_SUFFIXES
READS = f"medtrans reads {', '.join(VOLUME_SUFFIXES)}; make NIfTI of DICOM first, with dcm2niix"
SPREAD = "_spread"
"""What the name of a translation's spread has more: it lies beside it and is no case itself."""
CHUNK = 1 << 22
MOST_LABELS = 256
SUBJECT = re.compile(r"sub-[A-Za-z0-9]+")
"""How names tell a subject in BIDS: sub-01_ses-2_T1w.nii.gz is of sub-01."""


def read_volume(path: str | Path) -> Volume:
    """A volume with its place in patient space. Raises InputRefused, EnvironmentRefused."""
    path = Path(path)
    if _suffix(path) in NIFTI_SUFFIXES:
        from medtrans.reading.formats.nifti import read_nifti

        return read_nifti(path)
    from medtrans.reading.formats.itk import read_itk

    return read_itk(path)


def read_mask(path: str | Path) -> Volume:
    """A mask, or label map: what is above 0 counts. Raises InputRefused, also for an image, EnvironmentRefused."""
    mask = read_volume(path)
    some = mask.voxels.reshape(-1)[:: 1 + mask.voxels.size // 100_000]
    if some.max() > 1 and len(set(some.tolist())) > MOST_LABELS:
        what = f"holds more than {MOST_LABELS} different values, as an image does"
        raise InputRefused(path, what, "give a mask, 0 outside the body")
    return mask


def write_volume(
    volume: Volume, path: str | Path, *, dtype: Any = None, description: str = "", overwrite: bool = False
) -> None:
    """Write a volume whole or not at all. `dtype` None keeps the voxels' own type.

    Raises UsageError where a file is in the way, InputRefused where values do not fit the type.
    """
    path = Path(path)
    suffix = _suffix(path)
    if path.exists() and not overwrite:
        raise UsageError(path, "is there already", "add --overwrite to replace it")
    if suffix in NIFTI_SUFFIXES:
        from medtrans.reading.formats.nifti import encode_nifti

        write_atomically(
            path, encode_nifti(volume, dtype=dtype, description=description, packed=suffix == ".nii.gz")
        )
    else:
        from medtrans.reading.formats.itk import write_itk

        write_itk(volume, path, dtype=dtype)


def _suffix(path: Path) -> str:
    for suffix in sorted(VOLUME_SUFFIXES, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return suffix
    raise UsageError(path, "is not a kind of file medtrans knows", READS)


def is_volume(path: Path) -> bool:
    """Whether the name is that of a volume."""
    return path.name.lower().endswith(VOLUME_SUFFIXES)


def volumes_in(folder: Path, *, deep: bool = False) -> list[Path]:
    """The volumes of a folder, sorted, and with `deep` of all folders in it; hidden files are none."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(file for file in found if is_volume(file) and not file.name.startswith("."))


def stem(path: str | Path) -> str:
    """The file's name without its suffix: "a/sub-01_T1.nii.gz" → "sub-01_T1"."""
    name = Path(path).name
    for suffix in sorted(VOLUME_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return Path(path).stem


def spread_path(volume: Path) -> Path:
    """Where the spread of a translation lies: `ct_spread.nii.gz` beside `ct.nii.gz`."""
    name = stem(volume)
    return volume.with_name(name + SPREAD + volume.name[len(name) :])


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises InputRefused, EnvironmentRefused."""
    path = Path(path)
    size = size_of(path)
    if size > limit:
        raise InputRefused(path, f"has {size} bytes, at most {limit} are expected here", "is it the right file?")
    with opened(path) as file:
        data: bytes = file.read(size + 1)
    if len(data) != size:
        raise InputRefused(path, "changed while it was read", "run again when it is complete")
    return data


def refuse_unwritable(folder: Path) -> None:
    """Before long work: may files be made in `folder`, or in the nearest folder above it that is there?

    Raises EnvironmentRefused.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK):
        raise EnvironmentRefused(there, "nothing may be written here", "choose another place or mend its permissions")


def size_of(path: Path) -> int:
    """Bytes of a regular file. Raises InputRefused for what is absent or no file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise InputRefused(path, "is not there", "check the path") from None
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "check path and permissions") from None
    if not stat.S_ISREG(facts.st_mode):
        raise InputRefused(path, "is not a regular file", "give a file")
    return facts.st_size


def opened(path: Path) -> Any:
    """`path` opened for reading bytes. Raises EnvironmentRefused."""
    try:
        return path.open("rb")
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "check its permissions") from None


def sha256(path: str | Path) -> str:
    """Hex digest of a file's bytes."""
    path = Path(path)
    size_of(path)
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: str | Path, data: bytes, *, overwrite: bool = True) -> None:
    """Put `data` at `path` whole, or leave everything as it was. Makes the folder.

    Raises UsageError where a file is in the way and must not be replaced, EnvironmentRefused on a full disk.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise UsageError(path, "is there already", "add --overwrite to replace it")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_flushed(temporary, data)
        if temporary.read_bytes() != data:
            raise EnvironmentRefused(path, "reads back differently from what was written", "check the disk")
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "free space or choose another place") from reason
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            file.write(view[start : start + CHUNK])
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system allows it."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

"""NIfTI-1 and NIfTI-2 in one file, .nii or .nii.gz.

Sizes in the header are compared with the file before anything is allocated; .nii.gz is decompressed by isal to the
expected bytes and one more, so that the checksum at its end is compared. Corrections become findings of the volume.
"""

from __future__ import annotations

import io
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from isal import igzip, isal_zlib
from nibabel.nifti1 import Nifti1Header

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Origin, Volume
from medtrans.reading.formats import _nifti_header as headers
from medtrans.reading.formats._nifti_doubts import doubts
from medtrans.reading.formats._nifti_encoding import NAME, encode_nifti
from medtrans.reading.formats._nifti_place import parse_affine, same_place
from medtrans.reading.memory import refuse_without_memory
from medtrans.reading.storage import modified_at, opened, size_of, stored_bytes, write_atomically

SUFFIXES: tuple[str, ...] = (".nii", ".nii.gz")
LARGEST_COMPRESSION = 1100
"""Bytes of voxels from one byte of a gzip file: no compressor reaches more."""
EMPTY_COMPRESSION, EMPTY_BYTES = 500, 1 << 30
"""Bytes of voxels from one stored byte, in a volume of that size and more, that are nearly all equal."""
CHUNK_BYTES = 1 << 20

__all__ = ["NAME", "SUFFIXES", "encode_nifti", "files", "matches", "read", "read_grid", "same_header", "write"]


def matches(path: Path) -> bool:
    """Whether the name ends with a suffix of NIfTI."""
    return path.name.lower().endswith(SUFFIXES)


def files(path: Path) -> tuple[Path, ...]:
    """The file itself."""
    return (path,)


def read(path: Path) -> Volume:
    """Raises InputRefused for anything that is not a whole, real-valued volume with a place in space.

    EnvironmentRefused where its voxels need more memory than is free.
    """
    size, changed = size_of(path), modified_at(path)
    compressed = _is_compressed(path)
    with opened(path) as file:
        stream = _GzipStream(file, path) if compressed else file
        header, position, start = headers.parse_header(path, stream)
        shape, dtype = headers.parse_shape(path, header), headers.parse_dtype(path, header)
        scaling = headers.parse_scaling(path, header)
        affine, findings = parse_affine(path, header)
        count = math.prod(shape) * dtype.itemsize
        spare = 0 if compressed else size - start - count
        _refuse_wrong_size(path, size, start, count, spare, math.prod(shape[:2]) * dtype.itemsize)
        _skip(path, stream, start - position)
        voxels = _read_voxels(path, stream, math.prod(shape), dtype, scaling)
        if compressed:
            stream.finish()
    if (size_of(path), modified_at(path)) != (size, changed):
        raise InputRefused(path, "changed while it was read", "run again when the file is complete")
    findings += doubts(path, header, spare)
    header.set_data_offset(0)
    voxels = voxels.reshape(shape, order="F")
    channel_first = voxels[None] if voxels.ndim == 3 else np.moveaxis(voxels, 3, 0)
    return Volume(channel_first, affine, Origin(NAME, header), tuple(findings))


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine, from the header alone. Raises InputRefused, EnvironmentRefused."""
    size_of(path)
    with opened(path) as file:
        header, _, _ = headers.parse_header(path, _GzipStream(file, path) if _is_compressed(path) else file)
    return headers.parse_shape(path, header)[:3], parse_affine(path, header)[0]


def write(volume: Volume, path: Path, *, dtype: Any = None, description: str = "") -> None:
    """Write the volume atomically, compressed where the name ends with .gz. Raises InputRefused."""
    data = encode_nifti(volume, dtype=dtype, description=description, compressed=_is_compressed(path))
    write_atomically(path, data)


def same_header(one: Nifti1Header, other: Nifti1Header) -> bool:
    """Whether qform, sform, their codes, units and voxel sizes are equal bit for bit."""
    return same_place(one, other)


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _refuse_wrong_size(path: Path, size: int, start: int, count: int, spare: int, plane: int) -> None:
    """Compare the file's size with the bytes that its header promises, before anything is allocated.

    `spare` bytes lie behind the voxels of a plain file; a `plane` of them means that its shape is wrong.
    """
    if spare < 0:
        what = f"is cut short: {size} of the {start + count} bytes in its header"
        raise InputRefused(path, what, "copy it again")
    if count > headers.LARGEST_VOLUME_BYTES or (_is_compressed(path) and count > LARGEST_COMPRESSION * size):
        what = f"has a wrong header: {count} bytes of voxels in a file of {size}"
        raise InputRefused(path, what, headers.CONVERT)
    if spare >= plane:
        what = f"has a wrong header: the file holds more voxels ({spare} bytes)"
        raise InputRefused(path, what, headers.CONVERT)
    if count > EMPTY_BYTES and count > EMPTY_COMPRESSION * stored_bytes(path):
        what = (
            f"holds {count / 1e9:.1f} GB of voxels in {stored_bytes(path) / 1e6:.1f} MB, so that nearly all are equal"
        )
        raise InputRefused(path, what, "check the export, or crop the volume")


class _GzipStream:
    """A gzip stream that is read forward. Raises InputRefused where it is damaged."""

    def __init__(self, file: io.BufferedReader, path: Path) -> None:
        self.stream, self.path = igzip.IGzipFile(fileobj=file), path

    def read(self, count: int, /) -> bytes:
        try:
            return self.stream.read(count)
        except (EOFError, OSError, zlib.error, isal_zlib.error) as reason:  # type: ignore[misc]
            raise InputRefused(self.path, f"is damaged ({reason})", "copy it again from its source") from None

    def finish(self) -> None:
        """Read one byte past the end, so that the checksum is compared."""
        if self.read(1):
            what = "has a wrong header: the file holds more voxels"
            raise InputRefused(self.path, what, "convert it again from its source")


def _skip(path: Path, stream: headers.Stream, count: int) -> None:
    """Skip the extensions between header and voxels."""
    while count > 0:
        skipped = len(stream.read(min(count, CHUNK_BYTES)))
        if not skipped:
            raise InputRefused(path, "is cut short: it ends before its voxels", "copy it again")
        count -= skipped


def _read_voxels(
    path: Path, stream: headers.Stream, count: int, stored: np.dtype, scaling: tuple[float, float] | None
) -> np.ndarray:
    """`count` numbers of type `stored`, in native byte order and scaled, read in pieces into one array."""
    kind = stored.newbyteorder("=") if scaling is None else _scaled_type(stored)
    refuse_without_memory(path, count * kind.itemsize)
    voxels, done = np.empty(count, kind), 0
    while done < count:
        piece = stream.read(min(CHUNK_BYTES, (count - done) * stored.itemsize))
        more = len(piece) // stored.itemsize
        if more * stored.itemsize != len(piece) or not more:
            got, promised = done * stored.itemsize + len(piece), count * stored.itemsize
            raise InputRefused(path, f"is cut short: {got} of {promised} bytes of voxels", "copy it again")
        values = np.frombuffer(piece, stored)
        voxels[done : done + more] = values if scaling is None else _scaled(values, *scaling)
        done += more
    return voxels


def _scaled_type(stored: np.dtype) -> np.dtype:
    """float32 where it holds every stored number exactly."""
    return np.dtype(np.float32 if stored.itemsize <= 2 or stored.newbyteorder("=") == np.float32 else np.float64)


def _scaled(values: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """slope * value + intercept in 64 bits; too large a result is infinite, which the checks refuse."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((values * np.float64(slope) + np.float64(intercept)).astype(_scaled_type(values.dtype)))

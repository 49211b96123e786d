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
from medtrans.reading.formats._nifti_encoding import NAME, encode_nifti
from medtrans.reading.storage import opened, size_of, write_atomically

SUFFIXES: tuple[str, ...] = (".nii", ".nii.gz")
LARGEST_VOLUME_BYTES = 1 << 36
"""Voxels: 64 GiB. A header that claims more is refused."""
LARGEST_COMPRESSION = 1100
"""Bytes of voxels from one byte of a gzip file: no compressor reaches more."""
CHUNK_BYTES = 1 << 20

__all__ = ["NAME", "SUFFIXES", "encode_nifti", "files", "matches", "read", "read_grid", "same_header", "write"]


def matches(path: Path) -> bool:
    """Whether the name ends with a suffix of NIfTI."""
    return path.name.lower().endswith(SUFFIXES)


def files(path: Path) -> tuple[Path, ...]:
    """The file itself."""
    return (path,)


def read(path: Path) -> Volume:
    """Raises InputRefused for anything that is not a whole, real-valued volume with a place in space."""
    size = size_of(path)
    compressed = _is_compressed(path)
    with opened(path) as file:
        stream = _GzipStream(file, path) if compressed else file
        header, position, start = headers.parse_header(path, stream)
        shape, dtype = headers.parse_shape(path, header), headers.parse_dtype(path, header)
        count = math.prod(shape) * dtype.itemsize
        if not compressed and size < start + count:
            what = f"is cut short: {size} of the {start + count} bytes in its header"
            raise InputRefused(path, what, "copy it again")
        if count > LARGEST_VOLUME_BYTES or (compressed and count > LARGEST_COMPRESSION * size):
            what = f"has a wrong header: {count} bytes of voxels in a file of {size}"
            raise InputRefused(path, what, "convert it again from its source")
        _skip(path, stream, start - position)
        raw = stream.read(count)
        if len(raw) != count:
            raise InputRefused(path, f"is cut short: {len(raw)} of {count} bytes of voxels", "copy it again")
        if compressed:
            stream.finish()
    voxels = _scaled(path, np.frombuffer(raw, dtype).reshape(shape, order="F"), header)
    affine, findings = headers.parse_affine(path, header)
    header.set_data_offset(0)
    channel_first = voxels[None] if voxels.ndim == 3 else np.moveaxis(voxels, 3, 0)
    return Volume(channel_first, affine, Origin(NAME, header), tuple(findings))


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine, from the header alone. Raises InputRefused, EnvironmentRefused."""
    size_of(path)
    with opened(path) as file:
        header, _, _ = headers.parse_header(path, _GzipStream(file, path) if _is_compressed(path) else file)
    return headers.parse_shape(path, header)[:3], headers.parse_affine(path, header)[0]


def write(volume: Volume, path: Path, *, dtype: Any = None, description: str = "") -> None:
    """Write the volume atomically, compressed where the name ends with .gz. Raises InputRefused."""
    data = encode_nifti(volume, dtype=dtype, description=description, compressed=_is_compressed(path))
    write_atomically(path, data)


def same_header(one: Nifti1Header, other: Nifti1Header) -> bool:
    """Whether qform, sform, their codes, units and voxel sizes are equal bit for bit."""
    return headers.same_place(one, other)


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


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


def _scaled(path: Path, stored: np.ndarray, header: Nifti1Header) -> np.ndarray:
    """slope * stored + intercept; a slope of 0 or nan means no scaling, as the standard says."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        return np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))
    if not np.isfinite(intercept):
        what = f"has a wrong header: an intercept of {intercept}"
        raise InputRefused(path, what, "convert it again from its source")
    native = stored.astype(stored.dtype.newbyteorder("="))
    if (slope, intercept) == (1, 0):
        return native
    kind = np.float32 if native.dtype.itemsize <= 2 or native.dtype == np.float32 else np.float64
    with np.errstate(over="ignore", invalid="ignore"):  # becomes infinite, which the checks refuse
        return np.asarray(native * np.float64(slope) + np.float64(intercept), kind)

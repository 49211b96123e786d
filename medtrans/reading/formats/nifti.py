"""NIfTI-1 and NIfTI-2, guarded.

Headers are parsed by nibabel; sizes are compared with the file before anything is allocated; .nii.gz is inflated by
isal to exactly the expected bytes and one more, so that the checksum at the end is compared. Nothing is repaired in
silence: what is repaired (a shear) or chosen (sform or qform) is said with a GeometryWarning.
https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields
"""

from __future__ import annotations

import io
import warnings
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from isal import igzip, isal_zlib
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.files import opened, size_of

LARGEST_VOLUME = 1 << 36
"""Bytes of voxels: 64 GiB. A header that claims more is not believed."""
LARGEST_SHEAR = 1e-3
"""Largest cosine between two axes that still counts as a rounding error of the header."""
MIRRORED = "sform and qform disagree about left and right"


class GeometryWarning(UserWarning):
    """Something about a volume's place in space that a person should look at."""


def read_nifti(path: Path) -> Volume:
    """Raises InputRefused for anything that is not a whole, finite, real-valued volume in a known place."""
    size = size_of(path)
    packed = path.name.lower().endswith(".gz")
    with opened(path) as file:
        stream = _Inflated(file, path) if packed else file
        header, start = _header(path, stream)
        shape, dtype = _shape(path, header), _dtype(path, header)
        count = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if not packed and size < start + count:
            raise InputRefused(
                path, f"is cut short: {size} bytes, its header promises {start + count}", "copy it again"
            )
        if count > LARGEST_VOLUME or (packed and count > 1100 * size):
            raise InputRefused(path, f"claims {count} bytes of voxels in a file of {size}", "the header is wrong")
        _skip(path, stream, start)
        raw = stream.read(count)
        if len(raw) != count:
            raise InputRefused(path, f"is cut short: {len(raw)} of {count} bytes of voxels", "copy it again")
        if packed:
            stream.finish()
    stored = np.frombuffer(raw, dtype).reshape(shape, order="F")
    voxels = _scaled(path, stored, header)
    affine = _affine(path, header)
    header.set_data_offset(0)
    return Volume(_channel_first(voxels), affine, header)


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine, from the header alone. Raises InputRefused, EnvironmentRefused."""
    size_of(path)
    with opened(path) as file:
        header, _ = _header(path, _Inflated(file, path) if path.name.lower().endswith(".gz") else file)
    return _shape(path, header), _affine(path, header)


class _Inflated:
    """A gzip stream that can be read forward, and says when it is damaged."""

    def __init__(self, file: io.BufferedReader, path: Path) -> None:
        self.stream, self.path = igzip.IGzipFile(fileobj=file), path

    def read(self, count: int) -> bytes:
        try:
            return self.stream.read(count)
        except (EOFError, OSError, zlib.error, isal_zlib.error) as reason:  # type: ignore[misc]
            raise InputRefused(self.path, f"is damaged ({reason})", "copy it again from its source") from None

    def finish(self) -> None:
        """One byte past the end: reaches the checksum."""
        if self.read(1):
            raise InputRefused(self.path, "holds more voxels than its header says", "the header is wrong")


def _header(path: Path, stream: io.BufferedReader | _Inflated) -> tuple[Nifti1Header, int]:
    """The header, with the stream left behind it, and where the voxels start."""
    first = stream.read(348)
    length = {int.from_bytes(first[:4], order): order for order in ("little", "big")} if len(first) == 348 else {}
    kind: type[Nifti1Header] = Nifti1Header
    magic = first[344:348]
    if 540 in length:
        first += stream.read(192)
        kind, magic = Nifti2Header, first[4:8]
    if not ({348, 540} & length.keys()) or magic[:3] not in (b"n+1", b"n+2"):
        advice = "give a single-file NIfTI (.nii or .nii.gz)"
        raise InputRefused(
            path, "is not NIfTI" if magic[:2] != b"ni" else "is only one half of a pair of files", advice
        )
    try:
        header = kind(first, check=False)
    except (HeaderDataError, ValueError) as reason:
        raise InputRefused(path, f"has a header that cannot be read ({reason})", "convert it again") from None
    offset = float(header["vox_offset"])
    if not np.isfinite(offset) or not len(first) <= offset < 1 << 31:
        raise InputRefused(path, f"says its voxels start at byte {offset}", "the header is wrong")
    return header, int(offset)


def _skip(path: Path, stream: io.BufferedReader | _Inflated, start: int) -> None:
    """Pass over the extensions between header and voxels."""
    rest = start - stream.tell() if isinstance(stream, io.BufferedReader) else start - stream.stream.tell()
    while rest > 0:
        passed = len(stream.read(min(rest, 1 << 20)))
        if not passed:
            raise InputRefused(path, "ends before its voxels start", "copy it again")
        rest -= passed


def _shape(path: Path, header: Nifti1Header) -> tuple[int, ...]:
    dims = [int(n) for n in header["dim"]]
    if not 1 <= dims[0] <= 7 or min(dims[1 : dims[0] + 1]) < 1:
        raise InputRefused(path, f"has dimensions {dims}", "the header is wrong")
    shape = [*dims[1 : dims[0] + 1], 1, 1, 1]
    space, more = shape[:3], [n for n in shape[3 : dims[0]] if n > 1]
    if len(more) > 1:
        raise InputRefused(
            path, f"has {dims[0]} dimensions {shape[: dims[0]]}", "give one volume, or one with channels"
        )
    return (*space, *more)


def _dtype(path: Path, header: Nifti1Header) -> np.dtype:
    try:
        dtype = header.get_data_dtype()
    except HeaderDataError:
        raise InputRefused(path, f"has voxels of unknown type {int(header['datatype'])}", "convert it") from None
    if dtype.fields is not None:
        raise InputRefused(path, "is a colour image", "give a grey one; medtrans translates measured intensities")
    if dtype.kind not in "iuf":
        raise InputRefused(path, f"has voxels of type {dtype}", "give magnitudes, not complex values")
    return dtype


def _scaled(path: Path, stored: np.ndarray, header: Nifti1Header) -> np.ndarray:
    """slope * stored + intercept; a slope of 0 or nan means none, as the standard says."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        return np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))
    if not np.isfinite(intercept):
        raise InputRefused(path, f"has an intercept of {intercept}", "the header is wrong")
    native = stored.astype(stored.dtype.newbyteorder("="))
    if (slope, intercept) == (1, 0):
        return native
    enough = np.float32 if native.dtype.itemsize <= 2 or native.dtype == np.float32 else np.float64
    return np.asarray(native * np.float64(slope) + np.float64(intercept), enough)


def _channel_first(voxels: np.ndarray) -> np.ndarray:
    return voxels[None] if voxels.ndim == 3 else np.moveaxis(voxels, 3, 0)


def _affine(path: Path, header: Nifti1Header) -> np.ndarray:
    """The sform where it has a code, else the qform, else the bare voxel sizes, in millimetres."""
    sform, qform = _sform(header), _qform(path, header)
    if sform is not None and qform is not None and _usable(sform) and _usable(qform):
        _compare(path, sform, qform)
    affine = sform if sform is not None else qform
    if affine is None:
        affine = header.get_base_affine()
        _warn(path, "says nothing of its place in space (sform and qform codes are 0); left and right are a guess")
    if not _usable(affine):
        raise InputRefused(path, "its affine is not finite or not invertible", "convert it again from its source")
    unit = {1: 1000.0, 3: 0.001}.get(int(header["xyzt_units"]) & 7, 1.0)
    if unit != 1.0:
        raise InputRefused(path, "measures its grid in metres or micrometres", "rewrite it in millimetres")
    return _unsheared(path, np.asarray(affine, dtype=np.float64))


def _sform(header: Nifti1Header) -> np.ndarray | None:
    return np.asarray(header.get_sform(), dtype=np.float64) if int(header["sform_code"]) > 0 else None


def _qform(path: Path, header: Nifti1Header) -> np.ndarray | None:
    if int(header["qform_code"]) <= 0:
        return None
    try:
        return np.asarray(header.get_qform(), dtype=np.float64)
    except (HeaderDataError, ValueError):
        if int(header["sform_code"]) > 0:
            _warn(path, "has a qform that is no rotation; its sform is used")
            return None
        raise InputRefused(path, "has a qform that is no rotation", "convert it again from its source") from None


def _usable(affine: np.ndarray) -> bool:
    return bool(np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-9)


def _compare(path: Path, sform: np.ndarray, qform: np.ndarray) -> None:
    if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        raise InputRefused(path, MIRRORED, "find out which is right and rewrite the header: the image may be mirrored")
    size = np.linalg.norm(sform[:3, :3], axis=0).max()
    if not np.allclose(sform, qform, rtol=0, atol=max(0.01 * size, 0.1)):
        shift = np.linalg.norm(sform[:3, 3] - qform[:3, 3])
        _warn(path, f"its sform and qform differ (origins by {shift:.1f} mm); the sform is used")


def _unsheared(path: Path, affine: np.ndarray) -> np.ndarray:
    """The nearest affine whose axes stand at right angles (polar decomposition), saying so when it differs."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    cosines = np.abs(directions.T @ directions - np.eye(3)).max()
    if cosines < 1e-6:
        return affine
    if cosines > 0.2:
        raise InputRefused(path, f"its axes are sheared (cosine {cosines:.2f})", "resample it to a rectangular grid")
    left, _, right = np.linalg.svd(directions)
    if cosines > LARGEST_SHEAR:
        _warn(path, f"its axes are sheared (cosine {cosines:.4f}); the nearest rectangular grid is used")
    out = affine.copy()
    out[:3, :3] = (left @ right) * spacing
    return out


def _warn(path: Path, what: str) -> None:
    warnings.warn(GeometryWarning(f"{path}: {what}"), stacklevel=2)


def encode_nifti(volume: Volume, *, dtype: object = None, description: str = "", packed: bool = True) -> bytes:
    """The bytes of a NIfTI file. A volume that was read keeps qform, sform, their codes, units and pixel sizes
    bit for bit; a new one gets sform and qform with code 1 (scanner)."""
    kind = np.dtype(dtype) if dtype is not None else volume.voxels.dtype  # type: ignore[call-overload]
    voxels = _fitting(volume.voxels, kind)
    header = _own_header(volume) or _new_header(volume)
    data = voxels[0] if volume.channels == 1 else np.moveaxis(voxels, 0, 3)
    read = header.get_data_shape()
    if volume.channels == 1 and data.size == np.prod(read) and data.shape == (*read, 1, 1)[:3]:
        data = data.reshape(read)  # axes of one voxel stay as they were written
    pixdim, xyzt = header["pixdim"].copy(), header["xyzt_units"].copy()
    header.set_data_dtype(kind)
    header.set_data_shape(data.shape)
    header["pixdim"][:4], header["xyzt_units"] = pixdim[:4], xyzt
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["cal_min"] = header["cal_max"] = 0
    if description:
        header["descrip"] = description.encode("ascii", "replace")[:79]
    start = 352 if header["sizeof_hdr"] == 348 else 544
    header["vox_offset"] = start
    header["magic"] = b"n+1" if start == 352 else header["magic"]
    raw = (
        header.binaryblock
        + b"\0" * 4
        + np.ascontiguousarray(data.T).astype(kind.newbyteorder("<"), copy=False).tobytes()
    )
    return igzip.compress(raw, compresslevel=1, mtime=0) if packed else raw


def _own_header(volume: Volume) -> Nifti1Header | None:
    """A little-endian copy of the header that a volume carries, if that still says where the volume lies."""
    if volume.header is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeometryWarning)
        here = np.allclose(_affine(Path("volume"), volume.header), volume.affine, rtol=0, atol=1e-4)
    return volume.header.as_byteswapped("<") if here else None


def _new_header(volume: Volume) -> Nifti1Header:
    image = nib.Nifti1Image(np.zeros((1, 1, 1), np.uint8), volume.affine)
    image.set_sform(volume.affine, 1)
    image.set_qform(volume.affine, 1)
    image.header.set_xyzt_units("mm")
    return image.header


def _fitting(voxels: np.ndarray, kind: np.dtype) -> np.ndarray:
    """`voxels` in the type `kind`: rounded to even for whole numbers, refused where they do not fit."""
    if voxels.dtype == kind or kind.kind == "f":
        return voxels.astype(kind, copy=False)
    if voxels.dtype.kind == "f":
        if not np.isfinite(voxels).all():
            raise InputRefused("volume", f"nan or infinite voxels cannot be written as {kind}", "write float32")
        voxels = np.rint(voxels)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    if voxels.size and (voxels.min() < low or voxels.max() > high):
        raise InputRefused(
            "volume", f"values {voxels.min():g} … {voxels.max():g} do not fit {kind}", "clip or use float32"
        )
    return voxels.astype(kind)

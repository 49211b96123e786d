"""Bytes of a NIfTI file from a volume. The fields of a header that place the volume are kept bit for bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import isal_zlib
from nibabel.nifti1 import Nifti1Header

from medtrans.core.volume import AFFINE_TOLERANCE_MM, Volume
from medtrans.reading.formats._dtype import as_type
from medtrans.reading.formats._nifti_place import parse_affine

NAME = "nifti"
SLAB = 32
"""Slices that are encoded at once."""
GZIP = 31
"""Bits of the window of zlib, for a gzip stream."""


def encode_nifti(volume: Volume, *, dtype: Any = None, description: str = "", compressed: bool = True) -> bytes:
    """The bytes of a NIfTI file.

    A volume that was read keeps qform, sform, their codes, units and voxel sizes bit for bit; a new one gets sform and
    qform with code 1 (scanner). Raises InputRefused where values do not fit `dtype`.
    """
    kind = np.dtype(dtype) if dtype is not None else volume.voxels.dtype
    voxels = as_type(volume.voxels, kind)
    header = _read_header(volume) or _new_header(volume)
    data = voxels[0] if volume.channels == 1 else np.moveaxis(voxels, 0, 3)
    read = header.get_data_shape()
    if volume.channels == 1 and data.size == np.prod(read) and data.shape == (*read, 1, 1)[:3]:
        data = data.reshape(read)  # axes of one voxel stay as they were written
    pixdim, units = header["pixdim"].copy(), header["xyzt_units"].copy()
    header.set_data_dtype(kind)
    header.set_data_shape(data.shape)
    header["pixdim"][:4], header["xyzt_units"] = pixdim[:4], units
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["cal_min"] = header["cal_max"] = 0
    for field in header:
        if header[field].dtype.kind == "S" and field != "magic":
            header[field] = b""  # text of the source, which may name a patient, also in the fields that are unused
    header["intent_code"], header["intent_p1"], header["intent_p2"], header["intent_p3"] = 0, 0, 0, 0
    header["descrip"] = description.encode("ascii", "replace")[:79]
    start = 352 if header["sizeof_hdr"] == 348 else 544
    header["vox_offset"] = start
    header["magic"] = b"n+1" if start == 352 else header["magic"]
    pieces = itertools.chain([header.binaryblock + b"\0" * 4], _slabs(data, kind.newbyteorder("<")))
    return b"".join(_compressed(pieces) if compressed else pieces)


def _slabs(data: np.ndarray, kind: np.dtype) -> Iterator[bytes]:
    """The voxels as they are stored, the first axis fastest, in slabs along the last: the volume is not copied."""
    for start in range(0, data.shape[-1], SLAB):
        yield np.ascontiguousarray(data[..., start : start + SLAB].T).astype(kind, copy=False).tobytes()


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A gzip stream."""
    stream = isal_zlib.compressobj(level=1, wbits=GZIP)
    for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()


def _read_header(volume: Volume) -> Nifti1Header | None:
    """A little-endian copy of the NIfTI header of a volume, if that still places the volume where it is."""
    if volume.origin is None or volume.origin.format != NAME:
        return None
    affine, _ = parse_affine(Path("volume"), volume.origin.header)
    if not np.allclose(affine, volume.affine, rtol=0, atol=AFFINE_TOLERANCE_MM):
        return None
    return volume.origin.header.as_byteswapped("<")


def _new_header(volume: Volume) -> Nifti1Header:
    image = nib.Nifti1Image(np.zeros((1, 1, 1), np.uint8), volume.affine)
    image.set_sform(volume.affine, 1)
    image.set_qform(volume.affine, 1)
    image.header.set_xyzt_units("mm")
    return image.header

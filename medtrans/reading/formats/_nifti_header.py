"""Header of NIfTI-1 and NIfTI-2: parsed by nibabel, checked here, before any voxel is read.

https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from medtrans.core.errors import InputRefused

LARGEST_VOLUME_BYTES = 1 << 36
"""Voxels: 64 GiB. A header that claims more is refused."""
POINTERS = (b"/annex/objects/", b"version https://git-lfs")
"""Begin of the small files that git-annex and git-lfs leave in place of content that was not fetched."""
CONVERT = "convert it again from its source"


class Stream(Protocol):
    """Bytes that can be read forward."""

    def read(self, count: int, /) -> bytes: ...


def parse_header(path: Path, stream: Stream) -> tuple[Nifti1Header, int, int]:
    """The header, its size in bytes (the stream's position), and the byte at which the voxels start."""
    first = stream.read(348)
    refuse_pointer(path, first)
    sizes = {int.from_bytes(first[:4], order) for order in ("little", "big")} if len(first) == 348 else set()
    kind: type[Nifti1Header] = Nifti1Header
    magic = first[344:348]
    if 540 in sizes:
        first += stream.read(540 - 348)
        kind, magic = Nifti2Header, first[4:8]
        if len(first) < 540:
            raise InputRefused(path, f"is cut short: {len(first)} of the 540 bytes of its header", "copy it again")
    if not ({348, 540} & sizes) or magic[:3] not in (b"n+1", b"n+2"):
        what = "is not NIfTI" if magic[:2] != b"ni" else "is only one half of a pair of files"
        raise InputRefused(path, what, "give a single-file NIfTI (.nii or .nii.gz)")
    try:
        header = kind(first, check=False)
        offset = float(header["vox_offset"])
    except (HeaderDataError, ValueError, KeyError, OverflowError) as reason:
        raise InputRefused(path, f"has a header that cannot be read ({reason})", CONVERT) from None
    if not np.isfinite(offset) or not len(first) <= offset < 1 << 31:
        raise InputRefused(path, f"has a wrong header: voxels start at byte {offset:g}", CONVERT)
    return header, len(first), int(offset)


def refuse_pointer(path: Path, first: bytes) -> None:
    """Raise InputRefused where a file begins like the pointer to a content that was not fetched."""
    if first.startswith(POINTERS):
        annex = first.startswith(POINTERS[0])
        what = f"is a pointer to content that was not fetched ({'datalad, git-annex' if annex else 'git-lfs'})"
        advice = f"run {'datalad get ' + path.name if annex else 'git lfs pull'} in its folder"
        raise InputRefused(path, what, advice, "content-not-fetched")


def parse_shape(path: Path, header: Nifti1Header) -> tuple[int, ...]:
    """Voxels along i, j, k, and channels where there is more than one. Numbers of any size are compared exactly."""
    dims = [int(n) for n in header["dim"]]
    if not 1 <= dims[0] <= 7 or min(dims[1 : min(dims[0], 3) + 1]) < 1 or min(dims[1 : dims[0] + 1]) < 0:
        raise InputRefused(path, f"has a wrong header: dimensions {dims}", CONVERT)
    shape = [max(n, 1) for n in dims[1 : dims[0] + 1]] + [1, 1, 1]
    if dims[0] == 1:
        raise InputRefused(path, f"is one-dimensional ({shape[0]} voxels)", "give an image of two or three dimensions")
    space, more = shape[:3], [n for n in shape[3 : dims[0]] if n > 1]
    if len(more) > 1:
        what = f"has {dims[0]} dimensions {shape[: dims[0]]}"
        raise InputRefused(path, what, "give one volume, or one with channels")
    if math.prod((*space, *more)) > LARGEST_VOLUME_BYTES:
        raise InputRefused(path, f"has a wrong header: {math.prod((*space, *more))} voxels", CONVERT)
    return (*space, *more)


def parse_dtype(path: Path, header: Nifti1Header) -> np.dtype:
    """Type of the voxels in the file: real numbers only."""
    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError):
        dtype = None
    if dtype is None or dtype.itemsize == 0:
        what = f"has voxels of unknown type {int(header['datatype'])}"
        raise InputRefused(path, what, "convert them to float32 or int16") from None
    if dtype.fields is not None:
        raise InputRefused(path, "is a colour image, not measured intensities", "give a grey-scale image")
    if dtype.kind not in "iuf":
        raise InputRefused(path, f"has voxels of type {dtype}", "give magnitudes instead of complex values")
    if dtype.itemsize > 8:
        raise InputRefused(path, f"has voxels of type {dtype}", "convert them to float32")
    return dtype


def parse_scaling(path: Path, header: Nifti1Header) -> tuple[float, float] | None:
    """Slope and intercept; None where there is no scaling: a slope of 0 or nan, as the standard says, or 1 and 0.

    Raises InputRefused for an infinite slope, and for an intercept that is not finite beside a slope.
    """
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or np.isnan(slope):
        return None
    if np.isinf(slope) or not np.isfinite(intercept):
        what = f"has a wrong header: a slope of {slope:g} and an intercept of {intercept:g}"
        raise InputRefused(path, what, CONVERT)
    return None if (slope, intercept) == (1, 0) else (slope, intercept)

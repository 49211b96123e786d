"""Header of NIfTI-1 and NIfTI-2: parsed by nibabel, checked here, before any voxel is read.

https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.reading.formats._affine import is_usable, rectangular

PLACE_FIELDS = (
    *("sform_code", "qform_code", "xyzt_units", "srow_x", "srow_y", "srow_z"),
    *("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
)
"""Header fields that place a volume in space, beside the first four of `pixdim`."""
NOT_MILLIMETRES = (1, 3)
"""Codes of metres and micrometres in `xyzt_units`."""


class Stream(Protocol):
    """Bytes that can be read forward."""

    def read(self, count: int, /) -> bytes: ...


def parse_header(path: Path, stream: Stream) -> tuple[Nifti1Header, int, int]:
    """The header, its size in bytes (the stream's position), and the byte at which the voxels start."""
    first = stream.read(348)
    sizes = {int.from_bytes(first[:4], order) for order in ("little", "big")} if len(first) == 348 else set()
    kind: type[Nifti1Header] = Nifti1Header
    magic = first[344:348]
    if 540 in sizes:
        first += stream.read(192)
        kind, magic = Nifti2Header, first[4:8]
    if not ({348, 540} & sizes) or magic[:3] not in (b"n+1", b"n+2"):
        what = "is not NIfTI" if magic[:2] != b"ni" else "is only one half of a pair of files"
        raise InputRefused(path, what, "give a single-file NIfTI (.nii or .nii.gz)")
    try:
        header = kind(first, check=False)
    except (HeaderDataError, ValueError) as reason:
        raise InputRefused(path, f"has a header that cannot be read ({reason})", "convert it again") from None
    offset = float(header["vox_offset"])
    if not np.isfinite(offset) or not len(first) <= offset < 1 << 31:
        what = f"has a wrong header: voxels start at byte {offset}"
        raise InputRefused(path, what, "convert it again from its source")
    return header, len(first), int(offset)


def parse_shape(path: Path, header: Nifti1Header) -> tuple[int, ...]:
    """Voxels along i, j, k, and channels where there is more than one."""
    dims = [int(n) for n in header["dim"]]
    if not 1 <= dims[0] <= 7 or min(dims[1 : dims[0] + 1]) < 1:
        raise InputRefused(path, f"has a wrong header: dimensions {dims}", "convert it again from its source")
    shape = [*dims[1 : dims[0] + 1], 1, 1, 1]
    space, more = shape[:3], [n for n in shape[3 : dims[0]] if n > 1]
    if len(more) > 1:
        what = f"has {dims[0]} dimensions {shape[: dims[0]]}"
        raise InputRefused(path, what, "give one volume, or one with channels")
    return (*space, *more)


def parse_dtype(path: Path, header: Nifti1Header) -> np.dtype:
    """Type of the voxels in the file: real numbers only."""
    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError):
        what = f"has voxels of unknown type {int(header['datatype'])}"
        raise InputRefused(path, what, "convert them to float32 or int16") from None
    if dtype.fields is not None:
        raise InputRefused(path, "is a colour image, not measured intensities", "give a grey-scale image")
    if dtype.kind not in "iuf":
        raise InputRefused(path, f"has voxels of type {dtype}", "give magnitudes instead of complex values")
    return dtype


def parse_affine(path: Path, header: Nifti1Header) -> tuple[np.ndarray, list[Finding]]:
    """Affine in millimetres: the sform where it has a code, else the qform, else the voxel sizes; and findings."""
    findings: list[Finding] = []
    sform, qform = _sform(header), _qform(path, header, findings)
    if sform is not None and qform is not None and is_usable(sform) and is_usable(qform):
        findings += _compare(path, sform, qform)
    affine = sform if sform is not None else qform
    if affine is None:
        affine = header.get_base_affine()
        findings.append(_without_place(path))
    if not is_usable(affine):
        raise InputRefused(path, "its affine is not finite or not invertible", "convert it again from its source")
    if not np.isfinite(header["pixdim"][:4]).all():
        raise InputRefused(path, "has a wrong header: a voxel size is not finite", "convert it again from its source")
    if int(header["xyzt_units"]) & 7 in NOT_MILLIMETRES:
        raise InputRefused(path, "its grid is in metres or micrometres", "rewrite it in millimetres")
    straight, more = rectangular(path, np.asarray(affine, dtype=np.float64))
    return straight, [*findings, *more]


def same_place(one: Nifti1Header, other: Nifti1Header) -> bool:
    """Whether the fields that place a volume in space are equal bit for bit; nan equals nan."""
    return np.array_equal(one["pixdim"][:4], other["pixdim"][:4]) and all(
        np.array_equal(one[field], other[field], equal_nan=True) for field in PLACE_FIELDS
    )


def _sform(header: Nifti1Header) -> np.ndarray | None:
    return np.asarray(header.get_sform(), dtype=np.float64) if int(header["sform_code"]) > 0 else None


def _qform(path: Path, header: Nifti1Header, findings: list[Finding]) -> np.ndarray | None:
    if int(header["qform_code"]) <= 0:
        return None
    try:
        return np.asarray(header.get_qform(), dtype=np.float64)
    except (HeaderDataError, ValueError):
        if int(header["sform_code"]) <= 0:
            raise InputRefused(path, "its qform is not a rotation", "convert it again from its source") from None
    findings.append(
        Finding(
            code="qform-not-rotation",
            severity="warn",
            where=str(path),
            what="its qform is not a rotation",
            consequence="the sform is used; other programs may place the volume elsewhere",
            advice="rewrite the header with one affine",
        )
    )
    return None


def _compare(path: Path, sform: np.ndarray, qform: np.ndarray) -> list[Finding]:
    if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        what = "sform and qform disagree about left and right, so that the image may be mirrored"
        raise InputRefused(path, what, "find out which of them is right and rewrite the header")
    size = np.linalg.norm(sform[:3, :3], axis=0).max()
    if np.allclose(sform, qform, rtol=0, atol=max(0.01 * size, 0.1)):
        return []
    shift = float(np.linalg.norm(sform[:3, 3] - qform[:3, 3]))
    return [
        Finding(
            code="sform-qform-differ",
            severity="warn",
            where=str(path),
            what=f"its sform and qform differ (origins by {shift:.1f} mm)",
            consequence="the sform is used; other programs may place the volume elsewhere",
            advice="rewrite the header with one affine",
            numbers={"shift_mm": shift},
        )
    ]


def _without_place(path: Path) -> Finding:
    return Finding(
        code="no-place-in-space",
        severity="warn",
        where=str(path),
        what="its header holds no place in space (sform and qform codes are 0)",
        consequence="left and right are a guess",
        advice="convert it again from its source",
    )

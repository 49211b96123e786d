"""Place in space of a NIfTI header: sform, qform and voxel sizes, compared with each other.

    sform:  x = srow · (i, j, k, 1)          qform:  x = R(b, c, d) · diag(pixdim) · (i, j, qfac k) + offset

https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields/nifti1fields_pages/qsform.html
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.reading.formats._affine import LARGEST_NUMBER, is_usable, rectangular
from medtrans.reading.formats._nifti_header import CONVERT, parse_shape

PLACE_FIELDS = (
    *("sform_code", "qform_code", "xyzt_units", "srow_x", "srow_y", "srow_z"),
    *("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
)
"""Header fields that place a volume in space, beside the first four of `pixdim`."""
NOT_MILLIMETRES = {1: "metres", 3: "micrometres"}
"""Units of length in `xyzt_units`, by their codes."""
QUATERNION_ROUNDING = 1e-4
"""Largest excess of b² + c² + d² above 1 that is a rounding error."""
SAME_PLACE_MM, SAME_PLACE_FRACTION = 0.1, 1e-3
"""Largest distance between equal corners of two forms that agree: in mm, and as a fraction of the diagonal."""
SAME_SPACING = 1e-3
"""Largest relative difference between `pixdim` and the voxel sizes of the sform that is a rounding error."""
ONE_AFFINE = "find out which is right and rewrite the header with one affine"


@np.errstate(invalid="ignore")
def parse_affine(path: Path, header: Nifti1Header) -> tuple[np.ndarray, list[Finding]]:
    """Affine in millimetres: the sform where it has a code, else the qform, else the voxel sizes; and findings.

    A nan in a header may be a signalling one, of which NumPy would warn.
    """
    findings: list[Finding] = []
    if not np.isfinite(header["pixdim"][:4]).all():
        raise InputRefused(path, "has a wrong header: a voxel size is not finite", CONVERT)
    unit = NOT_MILLIMETRES.get(int(header["xyzt_units"]) & 7)
    if unit:
        raise InputRefused(path, f"its grid is in {unit}", "rewrite it in millimetres")
    sform, qform = _sform(header), _qform(path, header, findings)
    used_sform, used_qform = int(header["sform_code"]) > 0, int(header["qform_code"]) > 0
    affine = sform if used_sform else qform if used_qform else None
    if affine is None and not (used_sform or used_qform):
        affine = header.get_base_affine()
        findings.append(_without_place(path))
    if affine is None or not is_usable(affine):
        raise InputRefused(path, "its affine is not finite or not invertible", CONVERT)
    straight, sheared = rectangular(path, np.asarray(affine, dtype=np.float64))
    findings += sheared
    if used_sform and not findings:
        findings += _compare_spacing(path, header, affine)
    if sform is not None and qform is not None and is_usable(sform) and is_usable(qform) and (used_sform or used_qform):
        shape = np.array(parse_shape(path, header)[:3])
        compare = _compare if used_sform and used_qform else _compare_unused
        findings += compare(path, sform, qform, shape) if not findings else []
    return straight, findings


def same_place(one: Nifti1Header, other: Nifti1Header) -> bool:
    """Whether the fields that place a volume in space are equal bit for bit; nan equals nan."""
    return np.array_equal(one["pixdim"][:4], other["pixdim"][:4]) and all(
        np.array_equal(one[field], other[field], equal_nan=True) for field in PLACE_FIELDS
    )


def _sform(header: Nifti1Header) -> np.ndarray | None:
    """The sform, be it used or not; None where it is unused and empty."""
    rows = np.array([header["srow_x"], header["srow_y"], header["srow_z"], [0, 0, 0, 1]], dtype=np.float64)
    return rows if int(header["sform_code"]) > 0 or rows[:3].any() else None


def _qform(path: Path, header: Nifti1Header, findings: list[Finding]) -> np.ndarray | None:
    """The qform, be it used or not; None where it is unused and empty, or no rotation beside a sform."""
    b, c, d = (float(header[f"quatern_{letter}"]) for letter in "bcd")
    offset = np.array([header[f"qoffset_{letter}"] for letter in "xyz"], dtype=np.float64)
    used, unused_and_empty = int(header["qform_code"]) > 0, not any((b, c, d, *offset.tolist()))
    if not used and unused_and_empty:
        return None
    sizes = np.asarray(header["pixdim"][1:4], dtype=np.float64)
    square = b * b + c * c + d * d
    if not square <= 1 + QUATERNION_ROUNDING or not (np.abs(offset) < LARGEST_NUMBER).all() or not (sizes != 0).all():
        if used and int(header["sform_code"]) <= 0:
            raise InputRefused(path, "its qform is not a rotation", CONVERT)
        findings += [_not_rotation(path)] if used else []
        return None
    findings += _odd_sizes(path, header, sizes) if used else []
    out = np.eye(4)
    hand = -1.0 if float(header["pixdim"][0]) < 0 else 1.0
    out[:3, :3] = _rotation(b, c, d) * np.abs(sizes) * [1, 1, hand]
    out[:3, 3] = offset
    return out


def _rotation(b: float, c: float, d: float) -> np.ndarray:
    """Rotation of the unit quaternion a + bi + cj + dk with a ≥ 0; rounding errors are removed."""
    a = np.sqrt(max(1 - (b * b + c * c + d * d), 0.0))
    a, b, c, d = np.array([a, b, c, d]) / np.sqrt(a * a + b * b + c * c + d * d)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _odd_sizes(path: Path, header: Nifti1Header, sizes: np.ndarray) -> list[Finding]:
    hand = float(header["pixdim"][0])
    if (sizes < 0).any():
        what = f"has negative voxel sizes in pixdim ({' × '.join(f'{side:.4g}' for side in sizes)})"
        consequence = "their signs are ignored; other programs may mirror the image"
    elif hand not in (-1, 0, 1):
        what = f"has pixdim[0] {hand:g}, which must be 1 or -1 (0 counts as 1)"
        consequence = "its sign is used; other programs may refuse or mirror the image"
    else:
        return []
    return [_finding(path, "odd-pixdim", what, consequence, "check left and right, and rewrite the header")]


def _compare(path: Path, sform: np.ndarray, qform: np.ndarray, shape: np.ndarray) -> list[Finding]:
    if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        what = "sform and qform disagree about left and right, so that the image may be mirrored"
        raise InputRefused(path, what, "find out which of them is right and rewrite the header")
    if _agree(sform, qform, shape):
        return []
    shift = float(np.linalg.norm(sform[:3, 3] - qform[:3, 3]))
    what = f"its sform and qform differ (origins by {shift:.1f} mm)"
    consequence = "the sform is used; other programs may place the volume elsewhere"
    return [_finding(path, "sform-qform-differ", what, consequence, ONE_AFFINE, shift_mm=shift)]


def _compare_unused(path: Path, sform: np.ndarray, qform: np.ndarray, shape: np.ndarray) -> list[Finding]:
    """An unused form may differ as a whole; where only one part of it differs, the header is probably damaged."""
    moved = [float(step) for step in np.abs(sform[:3, 3] - qform[:3, 3]) if step > SAME_PLACE_MM]
    parts = [f"{step:.4g} mm along one axis" for step in moved]
    one, other = (np.where(np.arange(4) < 3, form, np.eye(4)) for form in (sform, qform))
    if not _agree(one, other, shape):
        ours, theirs = (np.linalg.norm(form[:3, :3], axis=0) for form in (sform, qform))
        resized = int(np.sum(~np.isclose(ours, theirs, rtol=SAME_SPACING, atol=0)))
        parts += ["their voxel sizes along one axis" if resized == 1 else "their rotation"] if resized < 2 else [""] * 2
    if len(parts) != 1:
        return []
    what = f"its sform and qform agree but for {parts[0]}"
    consequence = "one of them is not used (its code is 0), but such a difference may be a damaged header"
    return [_finding(path, "unused-form-differs", what, consequence, "compare the position with its source")]


def _agree(sform: np.ndarray, qform: np.ndarray, shape: np.ndarray) -> bool:
    """Whether all corners of the volume lie at the same place by both."""
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)]).T * np.append(shape, 1)[:, None]
    distance = np.linalg.norm(((sform - qform) @ corners)[:3], axis=0).max()
    diagonal = float(np.linalg.norm(sform[:3, :3] @ shape))
    return bool(distance <= max(SAME_PLACE_MM, SAME_PLACE_FRACTION * diagonal))


def _compare_spacing(path: Path, header: Nifti1Header, sform: np.ndarray) -> list[Finding]:
    sizes, spacing = np.asarray(header["pixdim"][1:4], np.float64), np.linalg.norm(sform[:3, :3], axis=0)
    sizes = np.where(np.array(parse_shape(path, header)[:3]) == 1, np.where(sizes == 0, spacing, sizes), sizes)
    if np.allclose(sizes, spacing, rtol=SAME_SPACING, atol=0):
        return []
    named = [" × ".join(f"{side:.4g}" for side in values) for values in (sizes, spacing)]
    what = f"its voxels measure {named[0]} mm by pixdim, {named[1]} mm by the sform"
    consequence = "the sform is used; other programs may measure other distances and volumes"
    numbers = {"pixdim_mm": sizes.tolist(), "sform_mm": spacing.tolist()}
    return [_finding(path, "pixdim-sform-differ", what, consequence, ONE_AFFINE, **numbers)]


def _not_rotation(path: Path) -> Finding:
    consequence = "the sform is used; other programs may place the volume elsewhere"
    advice = "rewrite the header with one affine"
    return _finding(path, "qform-not-rotation", "its qform is not a rotation", consequence, advice)


def _without_place(path: Path) -> Finding:
    what = "its header holds no place in space (sform and qform codes are 0)"
    return _finding(path, "no-place-in-space", what, "left and right are a guess", CONVERT)


def _finding(path: Path, code: str, what: str, consequence: str, advice: str, **numbers: object) -> Finding:
    return Finding(
        code=code, severity="warn", where=str(path), what=what, consequence=consequence, advice=advice, numbers=numbers
    )

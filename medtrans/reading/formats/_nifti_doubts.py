"""Doubts about a NIfTI header that can be read: fields that contradict each other or the standard, as findings.

https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from medtrans.core.finding import Finding, Severity

LARGEST_CODE = 5
"""Largest code of a qform or sform: scanner, aligned, Talairach, MNI, template."""
MM, UNKNOWN_UNIT = 2, 0
KNOWN_TIME_UNITS = (0, 8, 16, 24, 32, 40, 48)
MAGIC = (b"n+1\0", b"n+2\0")
NIFTI2_END = b"\r\n\x1a\n"
"""Bytes behind the magic of NIfTI-2, which text modes of file transfers change."""
USUAL_SLOPE = (1e-12, 1e12)
"""Slopes beyond these are no scale of any scanner."""
STATISTICS, ESTIMATE, LABEL, NEURONAME = range(2, 25), 1001, 1002, 1003
VECTORS = (1004, 1005, 1006, 1007, 1008, 1009, 2003, 2004)
"""Intents: matrices, displacements, vectors, points, quaternions, colours."""
KNOWN_INTENTS = {0, *STATISTICS, *range(1001, 1012), *range(2001, 2006), *range(2016, 2019), *range(3001, 3007)}
"""0 is none; 2016 and above are those of CIFTI."""


def doubts(path: Path, header: Nifti1Header, trailing_bytes: int) -> list[Finding]:
    """Findings on a header whose shape, type and affine could be read; `trailing_bytes` lie behind the voxels."""
    found = [
        *_of_scaling(header),
        *_of_type(header),
        *_of_dimensions(header),
        *_of_codes(header),
        *_of_intent(header),
        *_of_magic(header),
    ]
    if trailing_bytes:
        what = f"holds {trailing_bytes} bytes more than its header says"
        meaning = "the shape in the header may be wrong, or the file was padded"
        found.append(("trailing-bytes", "warn", what, meaning, "compare its shape with that of its source"))
    return [
        Finding(code=code, severity=severity, where=str(path), what=what, consequence=meaning, advice=advice)
        for code, severity, what, meaning, advice in found
    ]


Doubt = tuple[str, Severity, str, str, str]


def _of_scaling(header: Nifti1Header) -> list[Doubt]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or np.isnan(slope):
        if np.isnan(intercept) or intercept == 0:
            return []
        what = f"has no scl_slope ({slope:g}), but a scl_inter of {intercept:g}"
        meaning = f"by the standard nothing is scaled; programs that add the intercept differ by {abs(intercept):g}"
        advice = "find out which values are meant, and set scl_slope to 1 if the intercept counts"
        return [("intercept-without-slope", "warn", what, meaning, advice)]
    if slope < 0:
        what, meaning = f"has a negative scl_slope ({slope:g})", "bright and dark are exchanged in the stored numbers"
        return [("negative-slope", "warn", what, meaning, "check that bright tissue is bright, as in its source")]
    if not USUAL_SLOPE[0] < slope < USUAL_SLOPE[1]:
        what, meaning = f"has a scl_slope of {slope:g}", "no scanner writes such a scale: the header may be damaged"
        return [("odd-slope", "warn", what, meaning, "compare its values with those of its source")]
    if (_one_bit_from(slope, 1.0) and intercept == 0) or (slope == 1 and intercept == 2.0):
        what = f"has a scl_slope of {slope:g} and a scl_inter of {intercept:g}, one bit from 1 and 0"
        return [("odd-slope", "note", what, "a damaged header looks so", "compare its values with those of its source")]
    return []


def _one_bit_from(value: float, usual: float) -> bool:
    """Whether two numbers of 32 bits differ in one bit."""
    bits = int(np.float32(value).view(np.uint32)) ^ int(np.float32(usual).view(np.uint32))
    return bits != 0 and bits & (bits - 1) == 0


def _of_type(header: Nifti1Header) -> list[Doubt]:
    bits, size = int(header["bitpix"]), 8 * header.get_data_dtype().itemsize
    if bits == size:
        return []
    what = f"says {bits} bits a voxel, but its type ({header.get_data_dtype()}) has {size}"
    meaning = "the type may be wrong, and with it all values"
    return [("bits-and-type-differ", "warn", what, meaning, "compare its values with those of its source")]


def _of_dimensions(header: Nifti1Header) -> list[Doubt]:
    dims = [int(n) for n in header["dim"]]
    beyond = [n for n in dims[dims[0] + 1 :] if n > 1]
    if beyond:
        what = f"says {dims[0]} dimensions, but has sizes beyond them ({dims[1:]})"
    elif min(dims[1 : dims[0] + 1]) < 1:
        what = f"has a dimension of 0 voxels ({dims[1:]}), read as 1"
    else:
        return []
    meaning = "other programs may read another shape"
    return [("odd-dimensions", "warn", what, meaning, "compare its shape with that of its source")]


def _of_codes(header: Nifti1Header) -> list[Doubt]:
    found: list[Doubt] = []
    for name in ("sform_code", "qform_code"):
        code = int(header[name])
        if not 0 <= code <= LARGEST_CODE:
            what, meaning = f"has the unknown {name} {code}", "other programs may ignore that affine"
            found.append(("unknown-code", "warn", what, meaning, "check its position, and rewrite the header"))
    units = int(header["xyzt_units"])
    if units & 7 not in (MM, UNKNOWN_UNIT) or units & ~7 not in KNOWN_TIME_UNITS:
        what, meaning = f"has the unknown units {units}", "millimetres are assumed"
        found.append(("unknown-units", "warn", what, meaning, "check its voxel sizes"))
    return found


def _of_intent(header: Nifti1Header) -> list[Doubt]:
    code = int(header["intent_code"])
    if code in STATISTICS or code in VECTORS:
        kind = "a map of a statistic" if code in STATISTICS else "a field of vectors or matrices"
        what, meaning = f"says that it is {kind} (intent {code})", "its values are no measured image"
        return [("odd-intent", "warn", what, meaning, "check that it is the image you mean")]
    if code not in KNOWN_INTENTS:
        return [("unknown-code", "note", f"has the unknown intent {code}", "it is not used", "")]
    return []


def _of_magic(header: Nifti1Header) -> list[Doubt]:
    second = int(header["sizeof_hdr"]) == 540
    raw = header.binaryblock[4:12] if second else header.binaryblock[344:348]
    if raw[:4] in MAGIC and (not second or raw[4:8] == NIFTI2_END) and (raw[2:3] == b"2") == second:
        return []
    what, meaning = f"has the file mark {raw!r}, which is not that of its version", "the file may be damaged"
    return [("odd-magic", "warn", what, meaning, "copy it again")]

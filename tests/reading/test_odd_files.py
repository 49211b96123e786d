"""Odd but readable NIfTI files: each gets exactly one finding, which says what, what it means and what to do.

Each case changes one thing of a sound file. The table is the list of what `check` knows.
"""

import gzip
import struct

import nibabel as nib
import numpy as np
import pytest

from medtrans.reading.checks import check_volume
from medtrans.reading.volumes import read_volume
from tests.reading.formats.nifti_files import affine

INF, NAN = float("inf"), float("nan")
DIM, INTENT, TYPE, BITS, PIXDIM, OFFSET, SLOPE, UNITS = 40, 68, 70, 72, 76, 108, 112, 123
QCODE, QUATERN, QOFFSET, SROW, MAGIC = 252, 256, 268, 280, 344


def sound(sform=1, qform=1, place=None, dtype=np.int16, shape=(9, 10, 11)):
    """The bytes of a file without any finding: a bright box in a dark noise."""
    rng = np.random.default_rng(0)
    voxels = np.abs(rng.normal(9, 3, shape))
    voxels[2:7, 2:7, 3:8] = rng.normal(300, 30, (5, 5, 5, *shape[3:]))
    image = nib.Nifti1Image(voxels.astype(dtype), np.eye(4), dtype=dtype)
    place = affine() if place is None else place
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(place, sform)
    image.set_qform(place, qform)
    return bytearray(image.to_bytes())


def put(raw, at, layout, *values):
    raw[at : at + struct.calcsize("<" + layout)] = struct.pack("<" + layout, *values)
    return raw


def voxel(raw, layout, *values):
    return put(raw, 352, layout, *values)


def of_voxels(**more):
    """A float file, the values of which can be changed."""
    return sound(dtype=np.float32, **more)


ODD = {
    "slope 0 with an intercept": (lambda: put(sound(), SLOPE, "ff", 0, -1024), "intercept-without-slope"),
    "slope nan with an intercept": (lambda: put(sound(), SLOPE, "ff", NAN, 7), "intercept-without-slope"),
    "infinite slope": (lambda: put(sound(), SLOPE, "ff", INF, 0), "unreadable"),
    "slope with an infinite intercept": (lambda: put(sound(), SLOPE, "ff", 2, -INF), "unreadable"),
    "slope with an intercept of nan": (lambda: put(sound(), SLOPE, "ff", 2, NAN), "unreadable"),
    "negative slope": (lambda: put(sound(), SLOPE, "ff", -1.5, 0), "negative-slope"),
    "tiny slope": (lambda: put(sound(), SLOPE, "ff", 1e-30, 0), "odd-slope"),
    "huge slope": (lambda: put(sound(), SLOPE, "ff", 1e20, 0), "odd-slope"),
    "slope one bit from 1": (lambda: put(sound(), SLOPE, "ff", 1.0625, 0), "odd-slope"),
    "pixdim against sform": (lambda: put(sound(qform=0), PIXDIM + 4, "f", 1.8), "pixdim-sform-differ"),
    "pixdim against sform and qform": (lambda: put(sound(), PIXDIM + 8, "f", 2.2), "pixdim-sform-differ"),
    "pixdim 0 beside a sform": (lambda: put(sound(qform=0), PIXDIM + 4, "f", 0), "pixdim-sform-differ"),
    "pixdim nan beside a sform": (lambda: put(sound(qform=0), PIXDIM + 4, "f", NAN), "unreadable"),
    "negative pixdim": (lambda: put(sound(sform=0), PIXDIM + 4, "f", -0.9), "odd-pixdim"),
    "negative pixdim beside a sform": (lambda: put(sound(), PIXDIM + 4, "f", -0.9), "odd-pixdim"),
    "pixdim[0] of 0.5": (lambda: put(sound(), PIXDIM, "f", 0.5), "odd-pixdim"),
    "qform against sform, origin": (lambda: put(sound(), QOFFSET, "f", -40), "sform-qform-differ"),
    "qform against sform, rotation": (lambda: put(sound(), QUATERN, "f", 0.3), "sform-qform-differ"),
    "qform mirrors sform": (lambda: put(sound(), PIXDIM, "f", -1), "unreadable"),
    "qform no rotation": (lambda: put(sound(), QUATERN, "f", 3), "qform-not-rotation"),
    "qform alone no rotation": (lambda: put(sound(sform=0), QUATERN, "f", 3), "unreadable"),
    "one number of an sform damaged": (lambda: put(sound(qform=0), SROW + 12, "f", 4000.0), "unused-form-differs"),
    "codes 0 and 0": (lambda: put(sound(), QCODE, "hh", 0, 0), "no-place-in-space"),
    "unknown sform code": (lambda: put(sound(), QCODE, "hh", 1, 77), "unknown-code"),
    "negative qform code": (lambda: put(sound(), QCODE, "hh", -1, 1), "unknown-code"),
    "metres": (lambda: put(sound(), UNITS, "b", 1), "unreadable"),
    "micrometres": (lambda: put(sound(), UNITS, "b", 3), "unreadable"),
    "unknown units": (lambda: put(sound(), UNITS, "b", 6), "unknown-units"),
    "intent of a statistic": (lambda: put(sound(), INTENT, "h", 5), "odd-intent"),
    "intent of vectors": (lambda: put(sound(), INTENT, "h", 1007), "odd-intent"),
    "unknown intent": (lambda: put(sound(), INTENT, "h", 77), "unknown-code"),
    "bits against type": (lambda: put(sound(), BITS, "h", 8), "bits-and-type-differ"),
    "unknown type": (lambda: put(sound(), TYPE, "h", 5), "unreadable"),
    "odd end of the file mark": (lambda: put(sound(), MAGIC + 3, "b", 8), "odd-magic"),
    "one dimension": (lambda: put(sound(), DIM, "4h", 1, 990, 1, 1), "unreadable"),
    "dim[0] 2 for three": (lambda: put(sound(), DIM, "h", 2), "unreadable"),
    "sizes beyond dim[0]": (lambda: put(sound(), DIM + 8, "h", 5), "odd-dimensions"),
    "a time axis of 0": (lambda: put(put(sound(), DIM, "h", 4), DIM + 8, "h", 0), "odd-dimensions"),
    "dim[0] 12": (lambda: put(sound(), DIM, "h", 12), "unreadable"),
    "a time axis": (lambda: sound(shape=(9, 10, 11, 3)), "several-volumes"),
    "vectors in the fifth axis": (lambda: sound(shape=(9, 10, 11, 1, 3)), "several-volumes"),
    "a few bytes too many": (lambda: sound() + b"\0" * 12, "trailing-bytes"),
    "a slice too many": (lambda: sound() + b"\0" * 180, "unreadable"),
    "a slice too few": (lambda: sound()[:-180], "unreadable"),
    "voxels start too late": (lambda: put(sound(), OFFSET, "f", 416), "unreadable"),
    "integers beyond 2^53": (lambda: voxel(sound(dtype=np.int64), "q", 2**60), "inexact-integers"),
    "one voxel of 3e38": (lambda: voxel(of_voxels(), "f", 3e38), "isolated-values"),
    "voxels of -32768": (lambda: voxel(sound(), "4h", *[-32768] * 4), "isolated-values"),
    "a voxel of 32767": (lambda: voxel(sound(), "h", 32767), "isolated-values"),
    "a voxel of nan": (lambda: voxel(of_voxels(), "f", NAN), "not-finite"),
    "an infinite voxel": (lambda: voxel(of_voxels(), "f", INF), "not-finite"),
    "a voxel beyond float32": (lambda: voxel(sound(dtype=np.float64), "d", 1e300), "too-large"),
    "all voxels equal": (lambda: sound()[:352] + bytes(9 * 10 * 11 * 2), "constant-volume"),
    "voxels of 1e30 mm": (lambda: sound(place=np.diag([1e30, 1, 1, 1]), qform=0), "impossible-spacing"),
    "voxels of 24 mm": (lambda: sound(place=np.diag([2, 2, 24, 1.0])), "implausible-spacing"),
    "voxels of 2 micrometres": (lambda: sound(place=np.diag([0.002, 0.002, 0.002, 1])), "implausible-spacing"),
    "8 km away": (lambda: sound(place=affine(origin=(8e6, 0, 0))), "far-away"),
    "sheared axes": (lambda: sound(place=affine(0) + 0.02 * np.eye(4, k=1), qform=0), "sheared-axes"),
    "singular sform": (lambda: put(sound(qform=0), SROW, "4f", 0, 0, 0, 0), "unreadable"),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_an_odd_file_has_exactly_one_finding(name, suffix, tmp_path):
    make, code = ODD[name]
    path, raw = tmp_path / f"v{suffix}", bytes(make())
    path.write_bytes(gzip.compress(raw) if suffix == ".nii.gz" else raw)
    [finding] = check_volume(path)
    assert finding.code == code or (suffix == ".nii.gz" and code == "trailing-bytes" and finding.code == "unreadable")
    assert finding.what
    assert finding.consequence or finding.severity == "refuse"
    assert finding.advice or finding.severity == "note"
    assert finding.where == str(path)


SOUND = {
    "all forms": sound,
    "sform alone": lambda: sound(qform=0),
    "qform alone": lambda: sound(sform=0),
    "sform alone, qform empty": lambda: put(sound(qform=0), QUATERN, "6f", *[0] * 6),
    "MNI and scanner": lambda: sound(sform=4, qform=1),
    "pixdim[0] of 0": lambda: put(sound(), PIXDIM, "f", 0),
    "pixdim[0] of 0, qform alone": lambda: put(sound(sform=0), PIXDIM, "f", 0),
    "without units": lambda: put(sound(), UNITS, "b", 0),
    "no slope": lambda: put(sound(), SLOPE, "ff", 0, 0),
    "slope nan": lambda: put(sound(), SLOPE, "ff", NAN, NAN),
    "a slope": lambda: put(sound(), SLOPE, "ff", 2.1384, -17.5),
    "labels": lambda: put(sound(), INTENT, "h", 1002),
    "axes of one voxel": lambda: sound(shape=(9, 10, 11, 1, 1)),
    "unused sizes of 0": lambda: put(sound(), DIM + 8, "4h", 0, 0, 0, 0),
    "spacing of time nan": lambda: put(sound(), PIXDIM + 16, "f", NAN),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_the_standard_allows_has_none(name, tmp_path):
    (tmp_path / "v.nii").write_bytes(bytes(SOUND[name]()))
    assert check_volume(tmp_path / "v.nii") == []
    assert read_volume(tmp_path / "v.nii").voxels.shape == (1, 9, 10, 11)


@pytest.mark.parametrize("sform", [0, 1])
def test_a_pixdim_0_of_0_counts_as_1(sform, tmp_path):
    (tmp_path / "a.nii").write_bytes(bytes(sound(sform=sform)))
    (tmp_path / "b.nii").write_bytes(bytes(put(sound(sform=sform), PIXDIM, "f", 0)))
    assert np.array_equal(read_volume(tmp_path / "a.nii").affine, read_volume(tmp_path / "b.nii").affine)


def test_bytes_of_uint8_with_a_fractional_slope_are_read_right(tmp_path):
    """Background 5.5, which whole numbers would make 5."""
    stored = np.arange(990, dtype=np.uint8).reshape(9, 10, 11)
    raw = bytearray(nib.Nifti1Image(stored, affine()).to_bytes())
    (tmp_path / "v.nii").write_bytes(bytes(put(raw, SLOPE, "ff", 0.0123, 5.5)))
    voxels = read_volume(tmp_path / "v.nii").voxels
    assert voxels.dtype == np.float32
    assert np.allclose(voxels[0], stored * 0.0123 + 5.5, rtol=1e-6)

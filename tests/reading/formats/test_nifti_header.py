import gzip
import struct

import nibabel as nib
import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.reading.formats.nifti import read_grid
from medtrans.reading.volumes import read_volume, write_volume
from tests.reading.formats.nifti_files import affine, patched, ramp, saved

SIZES = [
    (1 << 31, 1 << 31, 1 << 31),
    (1 << 62, 4, 1),
    (1 << 32, 1 << 32, 1),
    ((1 << 63) - 1, (1 << 63) - 1, (1 << 63) - 1),
    (-5, -6, 7),
    (-(1 << 63), 6, 7),
    (0, 6, 7),
]
"""Several of them have a product of 0, or of few voxels, in integers of 64 bits."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_sizes_of_nifti_2_that_do_not_fit_into_64_bits_are_one_sentence(size, suffix, tmp_path):
    path = saved(tmp_path / "v.nii", ramp(), kind=nib.Nifti2Image)
    patched(path, nib.Nifti2Header.template_dtype.fields["dim"][1], struct.pack("<4q", 3, *size))
    if suffix == ".nii.gz":
        (tmp_path / "v.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
    for read in (read_volume, read_grid):
        with pytest.raises(InputRefused, match="has a wrong header") as caught:
            read(tmp_path / f"v{suffix}")
        assert "\n" not in str(caught.value)


def test_sform_and_qform_that_mirror_each_other_are_refused(tmp_path):
    image = nib.Nifti1Image(ramp(), affine())
    image.set_sform(affine(), 1)
    image.set_qform(affine(flips=(-1, 1, 1)), 1)
    nib.save(image, tmp_path / "v.nii.gz")
    with pytest.raises(InputRefused, match="left and right"):
        read_volume(tmp_path / "v.nii.gz")


def test_sform_and_qform_that_differ_are_reported(tmp_path):
    image = nib.Nifti1Image(ramp(), affine())
    image.set_sform(affine(), 1)
    image.set_qform(affine(origin=(0, 0, 0)), 1)
    nib.save(image, tmp_path / "v.nii.gz")
    found = read_volume(tmp_path / "v.nii.gz")
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("sform-qform-differ", "warn")
    assert "sform is used" in finding.sentence
    assert finding.numbers["shift_mm"] == pytest.approx(np.linalg.norm(affine()[:3, 3]), rel=1e-5)
    assert np.allclose(found.affine, affine(), atol=1e-5)


def test_no_place_in_space_is_reported(tmp_path):
    path = saved(tmp_path / "v.nii", ramp())
    patched(path, 252, struct.pack("<hh", 0, 0))
    (finding,) = read_volume(path).findings
    assert finding.code == "no-place-in-space"
    assert "guess" in finding.sentence


@pytest.mark.parametrize("row", [(0, 0, 0, 1), (float("nan"), 0, 0, 1), (float("inf"), 0, 0, 0)])
def test_a_singular_or_infinite_affine_is_refused(row, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp(), qform=0), 280, struct.pack("<4f", *row))
    with pytest.raises(InputRefused, match="finite or not invertible"):
        read_volume(path)


@pytest.mark.parametrize(("field", "code"), [("srow_x", None), ("qoffset_x", "qform-not-rotation")])
def test_numbers_too_large_to_be_computed_with_are_refused_or_named(field, code, tmp_path):
    """NIfTI-2 holds numbers of 64 bits, whose squares may be infinite."""
    path = saved(tmp_path / "v.nii", ramp(), kind=nib.Nifti2Image)
    patched(path, nib.Nifti2Header.template_dtype.fields[field][1], struct.pack("<d", 1e308))
    if code:
        assert [finding.code for finding in read_volume(path).findings] == [code]
    else:
        with pytest.raises(InputRefused, match="finite or not invertible"):
            read_volume(path)


def test_a_signalling_nan_is_an_ordinary_nan(tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp(), sform=0), 268, struct.pack("<I", 0x7F800001))
    with pytest.raises(InputRefused, match="qform is not a rotation"):
        read_volume(path)


@pytest.mark.parametrize("size", [348, 400, 539])
def test_a_nifti_2_that_ends_in_its_header_is_cut_short(size, tmp_path):
    path = saved(tmp_path / "v.nii", ramp(), kind=nib.Nifti2Image)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputRefused, match=f"cut short: {size} of the 540 bytes"):
        read_volume(path)


@pytest.mark.parametrize("size", [float("nan"), float("inf")])
def test_a_voxel_size_that_is_not_finite_is_refused_beside_a_sound_sform(size, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp(), qform=0), 80, struct.pack("<f", size))
    with pytest.raises(InputRefused, match="voxel size"):
        read_volume(path)


def test_a_small_shear_is_straightened_and_reported(tmp_path):
    sheared = affine(0)
    sheared[0, 1] = 0.01
    path = saved(tmp_path / "v.nii", ramp(), sheared, qform=0)
    found = read_volume(path)
    (finding,) = found.findings
    assert finding.code == "sheared-axes"
    assert finding.numbers["cosine"] == pytest.approx(0.01, rel=0.3)
    axes = found.affine[:3, :3] / np.linalg.norm(found.affine[:3, :3], axis=0)
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    assert np.allclose(found.affine, sheared, atol=0.02)
    write_volume(found, tmp_path / "out.nii")
    assert np.array_equal(nib.load(tmp_path / "out.nii").header["srow_x"], nib.load(path).header["srow_x"])


def test_a_large_shear_is_refused(tmp_path):
    sheared = affine(0)
    sheared[0, 1] = 1.0
    with pytest.raises(InputRefused, match="resample"):
        read_volume(saved(tmp_path / "v.nii", ramp(), sheared, qform=0))


def test_metres_and_micrometres_are_refused(tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp()), 123, bytes([1]))
    with pytest.raises(InputRefused, match="metres"):
        read_volume(path)


@pytest.mark.parametrize("dims", [(3, 0, 5, 5), (3, -4, 5, 5), (0, 5, 5, 5), (9, 5, 5, 5)])
def test_impossible_dimensions_are_refused(dims, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp()), 40, struct.pack("<4h", *dims))
    with pytest.raises(InputRefused):
        read_volume(path)


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_colour_and_complex_values_are_refused(dtype, tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), dtype), affine()), tmp_path / "v.nii.gz")
    with pytest.raises(InputRefused, match=r"colour|complex"):
        read_volume(tmp_path / "v.nii.gz")


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_damaged_header_is_read_or_refused_and_nothing_else(kind, tmp_path):
    rng = np.random.default_rng(0)
    good = saved(tmp_path / "v.nii", ramp((3, 4, 5)), kind=kind).read_bytes()
    refused = 0
    for _ in range(1000):
        bad = bytearray(good)
        for place in rng.integers(0, 352, 2).tolist():
            bad[place] = int(rng.integers(256))
        (tmp_path / "w.nii").write_bytes(bytes(bad))
        try:
            read_volume(tmp_path / "w.nii")
        except InputRefused:
            refused += 1
    assert 50 < refused < 950

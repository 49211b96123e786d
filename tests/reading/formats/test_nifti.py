import gzip
import resource
import struct
import time

import nibabel as nib
import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume, write_volume


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def affine(degrees=20, spacing=(0.9, 1.1, 3.0), flips=(1, 1, 1), origin=(-31.5, 12.25, -7.0)):
    out = np.eye(4)
    out[:3, :3] = rotation(degrees) * np.multiply(spacing, flips)
    out[:3, 3] = origin
    return out


def saved(path, voxels, place=None, sform=1, qform=1, kind=nib.Nifti1Image):
    image = kind(voxels, affine() if place is None else place)
    image.set_sform(image.affine, sform)
    image.set_qform(image.affine, qform)
    nib.save(image, path)
    return path


def ramp(shape=(5, 6, 7), dtype=np.int16):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def patched(path, offset, data):
    """Overwrite bytes of the (uncompressed) header."""
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(data)] = data
    path.write_bytes(bytes(raw))
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, 1, -1)])
@pytest.mark.parametrize(("sform", "qform"), [(1, 1), (2, 0), (0, 3), (4, 2)])
def test_read_and_written_it_is_in_the_same_place_bit_for_bit(suffix, flips, sform, qform, tmp_path):
    source = saved(tmp_path / f"in{suffix}", ramp(), affine(flips=flips), sform, qform)
    volume = read_volume(source)
    write_volume(volume, tmp_path / f"out{suffix}")
    before, after = nib.load(source).header, nib.load(tmp_path / f"out{suffix}").header
    fields = ["pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "xyzt_units"]
    for field in [*fields, "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "dim"]:
        assert np.array_equal(before[field], after[field]), field
    assert np.array_equal(read_volume(tmp_path / f"out{suffix}").voxels, volume.voxels)
    assert np.allclose(volume.affine, nib.load(source).affine)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_every_real_type_is_read_as_it_is(dtype, kind, tmp_path):
    voxels = (ramp() % 100).astype(dtype)
    image = kind(voxels, affine(), dtype=dtype)
    nib.save(image, tmp_path / "v.nii.gz")
    found = read_volume(tmp_path / "v.nii.gz")
    assert found.voxels.dtype == np.dtype(dtype)
    assert np.array_equal(found.voxels[0], voxels)


def test_big_endian_files_are_read(tmp_path):
    image = nib.Nifti1Image(ramp(), affine())
    swapped = nib.Nifti1Image(ramp().astype(">i2"), affine(), image.header.as_byteswapped(">"))
    nib.save(swapped, tmp_path / "v.nii")
    assert (tmp_path / "v.nii").read_bytes()[:4] == b"\x00\x00\x01\x5c"
    found = read_volume(tmp_path / "v.nii")
    assert np.array_equal(found.voxels[0], ramp())
    write_volume(found, tmp_path / "out.nii")
    assert np.array_equal(nib.load(tmp_path / "out.nii").get_fdata(), ramp())


def test_slope_and_intercept_are_applied(tmp_path):
    path = saved(tmp_path / "v.nii", ramp())
    patched(path, 112, struct.pack("<ff", 2.5, -1000))
    found = read_volume(path)
    assert found.voxels.dtype == np.float32
    assert np.allclose(found.voxels[0], ramp() * 2.5 - 1000)
    write_volume(found, tmp_path / "out.nii")
    assert np.allclose(nib.load(tmp_path / "out.nii").get_fdata(), ramp() * 2.5 - 1000)


@pytest.mark.parametrize("slope", [0.0, float("nan")])
def test_a_slope_of_zero_or_nan_means_none(slope, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp()), 112, struct.pack("<ff", slope, 7))
    assert np.array_equal(read_volume(path).voxels[0], ramp())


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 7, 1), (5, 6, 7, 1, 1)])
def test_axes_of_one_voxel_stay_as_they_were_written(shape, tmp_path):
    write_volume(read_volume(saved(tmp_path / "v.nii", ramp(shape))), tmp_path / "again.nii")
    assert nib.load(tmp_path / "again.nii").shape == shape


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 6), (1, 5, 6, 1)), ((5, 6, 7), (1, 5, 6, 7)), ((5, 6, 7, 3), (3, 5, 6, 7)), ((5, 6, 7, 1, 2), (2, 5, 6, 7))],
)
def test_channels_come_first(shape, expected, tmp_path):
    voxels = ramp(shape)
    found = read_volume(saved(tmp_path / "v.nii.gz", voxels))
    assert found.voxels.shape == expected
    assert np.array_equal(found.voxels[-1], voxels.reshape(*expected[1:], expected[0])[..., -1])


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_colour_and_complex_values_are_refused(dtype, tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), dtype), affine()), tmp_path / "v.nii.gz")
    with pytest.raises(InputRefused, match=r"colour|complex"):
        read_volume(tmp_path / "v.nii.gz")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(suffix, share, tmp_path):
    rng = np.random.default_rng(0)
    path = saved(tmp_path / f"v{suffix}", rng.integers(0, 1000, (20, 20, 20)).astype(np.int16))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputRefused):
        read_volume(path)


def test_every_flipped_bit_of_a_packed_file_is_noticed(tmp_path):
    rng = np.random.default_rng(0)
    path = saved(tmp_path / "v.nii.gz", rng.integers(0, 1000, (12, 12, 12)).astype(np.int16))
    good = path.read_bytes()
    right = read_volume(path).voxels
    for place in rng.integers(10, len(good), 60).tolist():
        bad = bytearray(good)
        bad[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(bad))
        try:
            assert np.array_equal(read_volume(path).voxels, right), f"byte {place} changed voxels in silence"
        except InputRefused:
            continue


def test_a_packed_file_with_more_voxels_than_it_says_is_refused(tmp_path):
    path = saved(tmp_path / "v.nii", ramp())
    (tmp_path / "v.nii.gz").write_bytes(gzip.compress(path.read_bytes() + b"\0" * 10))
    with pytest.raises(InputRefused, match="more voxels"):
        read_volume(tmp_path / "v.nii.gz")


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_claims_gigabytes_costs_nothing(packed, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp()), 40, struct.pack("<8h", 3, 1024, 1024, 1024, 1, 1, 1, 1))
    if packed:
        (tmp_path / "v.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "v.nii.gz"
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(InputRefused):
        read_volume(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("dims", [(3, 0, 5, 5), (3, -4, 5, 5), (0, 5, 5, 5), (9, 5, 5, 5)])
def test_impossible_dimensions_are_refused(dims, tmp_path):
    path = patched(saved(tmp_path / "v.nii", ramp()), 40, struct.pack("<4h", *dims))
    with pytest.raises(InputRefused):
        read_volume(path)


@pytest.mark.parametrize("data", [b"", b"x", b"not an image" * 100, b"\x1f\x8b" + b"\0" * 500])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_file_that_is_no_image_is_refused(data, suffix, tmp_path):
    (tmp_path / f"v{suffix}").write_bytes(data)
    with pytest.raises(InputRefused):
        read_volume(tmp_path / f"v{suffix}")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "v.nii").mkdir()
    for name in ("v.nii", "w.nii"):
        with pytest.raises(InputRefused, match=r"not a regular file|does not exist"):
            read_volume(tmp_path / name)


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


def test_nan_voxels_are_read_as_they_are(tmp_path):
    voxels = ramp(dtype=np.float32)
    voxels[1, 1, 1] = np.nan
    assert np.isnan(read_volume(saved(tmp_path / "v.nii.gz", voxels)).voxels[0, 1, 1, 1])


def test_a_header_of_another_place_is_not_kept(tmp_path):
    given = read_volume(saved(tmp_path / "v.nii", ramp()))
    moved = Volume(given.voxels, affine(origin=(1, 2, 3)), given.origin)
    write_volume(moved, tmp_path / "out.nii")
    assert np.allclose(nib.load(tmp_path / "out.nii").affine, affine(origin=(1, 2, 3)), atol=1e-5)


@pytest.mark.parametrize(("value", "dtype"), [(300, np.uint8), (-1, np.uint16), (40000.0, np.int16)])
def test_values_that_do_not_fit_are_refused(value, dtype, tmp_path):
    volume = Volume(np.full((1, 3, 3, 3), value), np.eye(4))
    for suffix in (".nii", ".mha"):
        with pytest.raises(InputRefused, match="do not fit"):
            write_volume(volume, tmp_path / f"v{suffix}", dtype=dtype)
    assert not list(tmp_path.iterdir())


def test_halves_are_rounded_to_even(tmp_path):
    volume = Volume(np.array([0.5, 1.5, 2.5, -0.5]).reshape(1, 4, 1, 1), np.eye(4))
    for suffix in (".nii", ".mha"):
        write_volume(volume, tmp_path / f"v{suffix}", dtype=np.int16)
        assert read_volume(tmp_path / f"v{suffix}").voxels.ravel().tolist() == [0, 2, 2, 0]


def test_the_same_volume_gives_the_same_bytes(tmp_path):
    volume = read_volume(saved(tmp_path / "v.nii.gz", ramp()))
    for name in ("a", "b"):
        write_volume(volume, tmp_path / f"{name}.nii.gz", description="SYNTHETIC")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert nib.load(tmp_path / "a.nii.gz").header["descrip"].tobytes().startswith(b"SYNTHETIC\0")


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

import gzip
import resource
import struct
import time

import nibabel as nib
import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.reading.volumes import read_volume, write_volume
from tests.reading.formats.nifti_files import affine, patched, ramp, saved


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


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 6), (1, 5, 6, 1)), ((5, 6, 7), (1, 5, 6, 7)), ((5, 6, 7, 3), (3, 5, 6, 7)), ((5, 6, 7, 1, 2), (2, 5, 6, 7))],
)
def test_channels_come_first(shape, expected, tmp_path):
    voxels = ramp(shape)
    found = read_volume(saved(tmp_path / "v.nii.gz", voxels))
    assert found.voxels.shape == expected
    assert np.array_equal(found.voxels[-1], voxels.reshape(*expected[1:], expected[0])[..., -1])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(suffix, share, tmp_path):
    rng = np.random.default_rng(0)
    path = saved(tmp_path / f"v{suffix}", rng.integers(0, 1000, (20, 20, 20)).astype(np.int16))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputRefused):
        read_volume(path)


def test_every_flipped_bit_of_a_compressed_file_is_noticed(tmp_path):
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


def test_a_compressed_file_with_more_voxels_than_its_header_says_is_refused(tmp_path):
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


def test_nan_voxels_are_read_as_they_are(tmp_path):
    voxels = ramp(dtype=np.float32)
    voxels[1, 1, 1] = np.nan
    assert np.isnan(read_volume(saved(tmp_path / "v.nii.gz", voxels)).voxels[0, 1, 1, 1])

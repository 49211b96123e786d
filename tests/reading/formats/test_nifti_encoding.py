import nibabel as nib
import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume, write_volume
from tests.reading.formats.nifti_files import affine, ramp, saved


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


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_no_free_text_of_the_source_reaches_the_output(kind, tmp_path):
    texts = [name for name, (dtype, *_) in kind.header_class.template_dtype.fields.items() if dtype.kind == "S"]
    image = kind(ramp(), affine())
    for name in set(texts) - {"magic"}:
        image.header[name] = b"DOE^JANE"[: image.header[name].dtype.itemsize]
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"DOE^JANE"))
    nib.save(image, tmp_path / "in.nii")
    assert (tmp_path / "in.nii").read_bytes().count(b"DOE^JANE") >= 4
    write_volume(read_volume(tmp_path / "in.nii"), tmp_path / "out.nii", description="SYNTHETIC")
    written = {name: nib.load(tmp_path / "out.nii").header[name].item() for name in texts}
    assert b"DOE" not in (tmp_path / "out.nii").read_bytes()
    assert {name for name, text in written.items() if text} == {"magic", "descrip"}
    assert written["descrip"] == b"SYNTHETIC"


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 7, 1), (5, 6, 7, 1, 1)])
def test_axes_of_one_voxel_stay_as_they_were_written(shape, tmp_path):
    write_volume(read_volume(saved(tmp_path / "v.nii", ramp(shape))), tmp_path / "again.nii")
    assert nib.load(tmp_path / "again.nii").shape == shape


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

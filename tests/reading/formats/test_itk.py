import zlib

import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.volumes import files_of, hash_volume, read_volume, write_volume

VOLUME = Volume(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5), np.diag([1.0, 2.0, 3.0, 1.0]))


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
@pytest.mark.parametrize("channels", [1, 2])
def test_itk_files_lie_where_nifti_lies(suffix, channels, tmp_path):
    affine = np.array([[0, -1.5, 0, 10], [0.8, 0, 0, -20], [0, 0, 2.5, 5], [0, 0, 0, 1.0]])
    volume = Volume(np.arange(60 * channels, dtype=np.float32).reshape(channels, 3, 4, 5), affine)
    write_volume(volume, tmp_path / f"v{suffix}")
    found = read_volume(tmp_path / f"v{suffix}")
    assert np.array_equal(found.voxels, volume.voxels)
    assert found.shares_grid_with(volume)


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_a_truncated_itk_file_is_refused(suffix, tmp_path):
    import SimpleITK as sitk

    path = tmp_path / f"v{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((20, 20, 20), np.int16)), str(path), useCompression=False)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(InputRefused):
        read_volume(path)


def meta_image(path, voxels, data_file, **keys):
    """The header of a MetaImage, written by hand."""
    shape = " ".join(str(side) for side in voxels.shape[::-1])
    lines = {"ObjectType": "Image", "NDims": 3, "BinaryData": True, **keys, "DimSize": shape}
    lines |= {"ElementType": "MET_SHORT", "ElementDataFile": data_file}
    path.write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))


def test_a_compressed_mha_is_whole_or_refused(tmp_path):
    import SimpleITK as sitk

    voxels = np.random.default_rng(0).integers(0, 99, (20, 20, 20)).astype(np.int16)
    path = tmp_path / "v.mha"
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path), useCompression=True)
    whole = path.read_bytes()
    assert b"CompressedData = True" in whole
    assert np.array_equal(read_volume(path).voxels[0], voxels.T)
    for place in range(len(whole) - 4000, len(whole), 333):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(InputRefused):
            read_volume(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(InputRefused, match="is cut short"):
        read_volume(path)
    path.write_bytes(whole.replace(b"DimSize = 20 20 20", b"DimSize = 20 20 19"))
    with pytest.raises(InputRefused, match="holds more than"):
        read_volume(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_voxels_of_an_mhd_may_lie_in_a_subfolder(compressed, tmp_path):
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    data = zlib.compress(voxels.tobytes()) if compressed else voxels.tobytes()
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "v.raw").write_bytes(data)
    keys = {"CompressedData": True, "CompressedDataSize": len(data)} if compressed else {}
    meta_image(tmp_path / "v.mhd", voxels, "raw/v.raw", **keys)
    assert np.array_equal(read_volume(tmp_path / "v.mhd").voxels[0], voxels.T)
    (tmp_path / "raw" / "v.raw").write_bytes(data[:-3])
    with pytest.raises(InputRefused, match="cut short"):
        read_volume(tmp_path / "v.mhd")


def test_an_nrrd_whose_lines_end_as_on_windows_is_read(tmp_path):
    write_volume(VOLUME, tmp_path / "v.nrrd")
    unix = (tmp_path / "v.nrrd").read_bytes()
    header, _, data = unix.partition(b"\n\n")
    windows = header.replace(b"\n", b"\r\n") + b"\r\n\r\n" + data
    (tmp_path / "v.nrrd").write_bytes(windows)
    assert np.array_equal(read_volume(tmp_path / "v.nrrd").voxels, VOLUME.voxels)
    (tmp_path / "v.nrrd").write_bytes(windows[:-3])
    with pytest.raises(InputRefused):
        read_volume(tmp_path / "v.nrrd")


NUL_IN_NAME = (
    b"NDims = 3\nDimSize = 1 1 1\nElementType = MET_CHAR\nElementDataFile = a\0b\n",
    b"NRRD0004\ntype: char\nsizes: 1 1 1\nencoding: raw\ndata file: a\0b\n\n",
)


@pytest.mark.parametrize("data", [b"", b"NDims = 3\n", b"NRRD0004\n" + b"\0" * 100, *NUL_IN_NAME])
@pytest.mark.parametrize("suffix", [".mha", ".nrrd", ".mhd"])
def test_a_file_that_is_no_itk_file_is_refused(suffix, data, tmp_path):
    (tmp_path / f"v{suffix}").write_bytes(data)
    with pytest.raises(InputRefused):
        read_volume(tmp_path / f"v{suffix}")


def test_a_compressed_nrrd_is_whole_or_refused(tmp_path):
    import SimpleITK as sitk

    voxels = np.random.default_rng(0).integers(0, 99, (20, 20, 20)).astype(np.int16)
    path = tmp_path / "v.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path), useCompression=True)
    whole = path.read_bytes()
    assert b"encoding: gzip" in whole
    assert np.array_equal(read_volume(path).voxels[0], voxels.T)
    for place in range(len(whole) - 4000, len(whole), 333):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(InputRefused):
            read_volume(path)
    for missing in (1, 8, 9, 2000):
        path.write_bytes(whole[:-missing])
        with pytest.raises(InputRefused, match="is cut short"):
            read_volume(path)
    path.write_bytes(whole.replace(b"sizes: 20 20 20", b"sizes: 20 20 19"))
    with pytest.raises(InputRefused, match="holds more than"):
        read_volume(path)


@pytest.mark.parametrize(
    "spelling", ["short", "signed short", "short int", "int16", "int16_t", "unsigned short", "ushort"]
)
def test_every_spelling_of_a_type_of_nrrd_has_its_size(spelling, tmp_path):
    write_volume(VOLUME, tmp_path / "v.nrrd")
    whole = (tmp_path / "v.nrrd").read_bytes().replace(b"type: short", b"type: " + spelling.encode())
    (tmp_path / "v.nrrd").write_bytes(whole)
    assert np.array_equal(read_volume(tmp_path / "v.nrrd").voxels, VOLUME.voxels)
    (tmp_path / "v.nrrd").write_bytes(whole[:-1])
    with pytest.raises(InputRefused, match="cut short"):
        read_volume(tmp_path / "v.nrrd")


def test_the_voxels_of_an_nrrd_may_be_in_another_file_which_is_checked_and_hashed_too(tmp_path):
    write_volume(VOLUME, tmp_path / "whole.nrrd")
    header, _, data = (tmp_path / "whole.nrrd").read_bytes().partition(b"\n\n")
    (tmp_path / "v.nrrd").write_bytes(header + b"\ndata file: v.raw\n\n")
    (tmp_path / "v.raw").write_bytes(data)
    assert np.array_equal(read_volume(tmp_path / "v.nrrd").voxels, VOLUME.voxels)
    assert files_of(tmp_path / "v.nrrd") == (tmp_path / "v.nrrd", tmp_path / "v.raw")
    before = hash_volume(tmp_path / "v.nrrd")
    (tmp_path / "v.raw").write_bytes(b"\1" + data[1:])
    assert hash_volume(tmp_path / "v.nrrd") != before
    (tmp_path / "v.raw").write_bytes(data[:-1])
    with pytest.raises(InputRefused, match="cut short"):
        read_volume(tmp_path / "v.nrrd")


def test_sheared_directions_are_corrected_and_reported(tmp_path):
    write_volume(VOLUME, tmp_path / "v.nrrd")
    whole = (tmp_path / "v.nrrd").read_bytes()
    start = whole.index(b"space directions:")
    line = whole[start : whole.index(b"\n", start)]
    for shear, refused in (("0.01", False), ("1", True)):
        sheared = f"space directions: (1,0,0) ({shear},1,0) (0,0,1)".encode()
        (tmp_path / "v.nrrd").write_bytes(whole.replace(line, sheared))
        if refused:
            with pytest.raises(InputRefused, match="sheared"):
                read_volume(tmp_path / "v.nrrd")
            continue
        found = read_volume(tmp_path / "v.nrrd")
        assert [finding.code for finding in found.findings] == ["sheared-axes"]
        axes = found.affine[:3, :3] / np.linalg.norm(found.affine[:3, :3], axis=0)
        assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)

import os
import signal
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.reading.files import read_bytes, read_volume, sha256, stem, write_atomically, write_volume

VOLUME = Volume(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5), np.diag([1.0, 2.0, 3.0, 1.0]))

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.files import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_atomically(Path(sys.argv[1]), b"n" * 1_000_000)
except EnvironmentRefused as reason:
    print(reason)
"""

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from medtrans.reading.files import write_atomically
while True:
    for letter in (b"a", b"b"):
        write_atomically(Path(sys.argv[1]), letter * 3_000_000)
"""


def test_a_full_disk_leaves_the_older_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.nii.gz"
    path.write_bytes(b"older")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True)
    assert "File too large" in done.stdout, done.stderr
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_while_writing_the_file_is_whole(tmp_path):
    path = tmp_path / "out.bin"
    for wait in (0.05, 0.11, 0.17, 0.23, 0.31):
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)])
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 3_000_000
        assert len(set(data)) == 1


def test_a_folder_that_cannot_be_made_is_answered(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentRefused, match="another place"):
        write_atomically(tmp_path / "file" / "out", b"x")


def test_what_is_there_is_not_replaced_unless_asked(tmp_path):
    write_volume(VOLUME, tmp_path / "v.nii")
    with pytest.raises(UsageError, match="--overwrite"):
        write_volume(VOLUME, tmp_path / "v.nii")
    with pytest.raises(UsageError, match="there already"):
        write_atomically(tmp_path / "v.nii", b"", overwrite=False)
    write_volume(VOLUME.like(VOLUME.voxels + 1), tmp_path / "v.nii", overwrite=True)
    assert read_volume(tmp_path / "v.nii").voxels.min() == 1


def test_bytes_are_read_up_to_a_limit(tmp_path):
    (tmp_path / "f").write_bytes(b"12345")
    assert read_bytes(tmp_path / "f", 5) == b"12345"
    with pytest.raises(InputRefused, match="at most 4"):
        read_bytes(tmp_path / "f", 4)


def test_names_and_hashes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256(tmp_path / "f").startswith("ba7816bf8f01cfea")
    assert [stem(name) for name in ("a/x_T1.nii.gz", "x.y.nii", "z.mha", "w.nrrd")] == ["x_T1", "x.y", "z", "w"]


def test_another_kind_of_file_is_answered(tmp_path):
    with pytest.raises(UsageError, match=r"\.nii\.gz"):
        read_volume(tmp_path / "picture.png")


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


@pytest.mark.parametrize("data", [b"", b"NDims = 3\n", b"NRRD0004\n" + b"\0" * 100])
@pytest.mark.parametrize("suffix", [".mha", ".nrrd", ".mhd"])
def test_what_is_no_itk_file_is_refused(suffix, data, tmp_path):
    (tmp_path / f"v{suffix}").write_bytes(data)
    with pytest.raises(InputRefused):
        read_volume(tmp_path / f"v{suffix}")

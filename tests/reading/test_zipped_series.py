import zipfile

import numpy as np
import pytest

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.reading import zipped_series
from medtrans.reading.volumes import read_volume
from medtrans.reading.zipped_series import is_zip, unpacked
from tests.reading.formats.dicom_files import plain_series, volume, write_series

VOXELS = volume()


def zipped(tmp_path, names="{}"):
    folder = write_series(tmp_path / "s", plain_series(VOXELS))
    path = tmp_path / "head.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, names.format(file.name))
        archive.writestr("readme.txt", "x")
        archive.writestr("__MACOSX/._IM0001", "x")
        archive.writestr("report", "no image")
    return path


@pytest.mark.parametrize("names", ["{}", "deep/er/{}", "../../{}", "/tmp/{}", "C:\\x\\{}", ".hidden/{}"])
def test_a_zip_of_a_series_is_that_series_and_nothing_is_written_elsewhere(names, tmp_path):
    path = zipped(tmp_path, names)
    before = set(tmp_path.rglob("*"))
    assert is_zip(path)
    with unpacked(path) as folder:
        files = [file for file in folder.rglob("*") if file.is_file()]
        assert len(files) == 5
        assert np.array_equal(read_volume(files[0].parent).voxels[0], VOXELS.transpose(1, 0, 2))
    assert not folder.exists()
    assert set(tmp_path.rglob("*")) == before


def test_damage_is_one_sentence(tmp_path):
    path = zipped(tmp_path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    outcomes = set()
    for number in range(60):
        damaged = bytearray(content)
        for place in rng.integers(4, len(content), 1 + number % 8):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(10, len(content))] if number % 3 == 0 else damaged)
        try:
            with unpacked(path):
                outcomes.add("read")
        except (InputRefused, EnvironmentRefused):
            outcomes.add("refused")
    assert "refused" in outcomes


def test_a_disk_too_small_is_refused_before_anything_is_unpacked(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 100})()
    monkeypatch.setattr(zipped_series.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EnvironmentRefused, match="unpacked"), unpacked(zipped(tmp_path)):
        pass


def test_other_files_are_no_zip(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"rubbish")
    assert not is_zip(tmp_path / "a.zip")
    assert not is_zip(tmp_path)
    assert not is_zip(tmp_path / "none")

from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused, UsageError
from medtrans.core.volume import Origin, Volume
from medtrans.reading import formats
from medtrans.reading.cohort import find_cases, load_pair
from medtrans.reading.names import stem, uncertainty_path
from medtrans.reading.settings import ImageSettings, ReadingSettings
from medtrans.reading.volumes import (
    files_of,
    hash_volume,
    is_volume,
    read_channels,
    read_grid,
    read_mask,
    read_volume,
    same_geometry,
    size_of_volume,
    stamp,
    volumes_in,
    write_volume,
)

VOLUME = Volume(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5), np.diag([1.0, 2.0, 3.0, 1.0]))


class SliceFolder:
    """A toy format: a folder that holds one slice of 2 x 2 voxels in each file *.slice."""

    NAME = "slices"
    SUFFIXES: tuple[str, ...] = ()

    def matches(self, path):
        return path.is_dir() and any(path.glob("*.slice"))

    def files(self, path):
        return tuple(sorted(path.glob("*.slice")))

    def read(self, path):
        slices = [np.frombuffer(file.read_bytes(), np.uint8).reshape(2, 2) for file in self.files(path)]
        return Volume(np.stack(slices, -1)[None], np.eye(4), Origin(self.NAME))

    def read_grid(self, path):
        return (2, 2, len(self.files(path))), np.eye(4)

    def write(self, volume, path, *, dtype=None, description=""):
        path.mkdir()
        for number in range(volume.shape[2]):
            (path / f"{number}.slice").write_bytes(volume.voxels[0, ..., number].tobytes())

    def same_header(self, one, other):
        return one == other


@pytest.fixture
def slices(monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, SliceFolder()))


def series(path, first=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    SliceFolder().write(Volume(np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3) + np.uint8(first), np.eye(4)), path)
    return path


def test_a_volume_may_be_a_folder_of_files(tmp_path, slices):
    folder = series(tmp_path / "CT.1.2")
    assert not is_volume(tmp_path)
    assert is_volume(folder)
    assert stem(folder) == "CT.1.2"
    assert read_volume(folder).shape == (2, 2, 3)
    assert read_grid(folder)[0] == (2, 2, 3)
    assert [file.name for file in files_of(folder)] == ["0.slice", "1.slice", "2.slice"]
    assert size_of_volume(folder) == 12
    before = hash_volume(folder), stamp(folder)
    (folder / "1.slice").write_bytes(b"abcd")
    assert hash_volume(folder) != before[0]
    assert stamp(folder) != before[1]
    with pytest.raises(UsageError, match="exists already"):
        write_volume(VOLUME, folder)


def test_folders_that_are_volumes_are_listed_and_not_searched(tmp_path, slices):
    folder = series(tmp_path / "a" / "CT")
    write_volume(VOLUME, folder / "inside.nii")
    write_volume(VOLUME, tmp_path / "a" / "v.nii")
    (tmp_path / "a" / ".hidden.nii").write_bytes(b"")
    assert volumes_in(tmp_path / "a") == [folder, tmp_path / "a" / "v.nii"]
    assert volumes_in(tmp_path) == []


@pytest.mark.parametrize("by_table", [False, True])
def test_cases_may_be_folders_of_files(by_table, tmp_path, slices):
    for number, name in enumerate(("anna", "ben", "carl")):
        series(tmp_path / name / "MR", 50 * number)
        series(tmp_path / name / "CT", 50 * number + 20)
    lines = [f"{name},{name},{name}/MR,{name}/CT" for name in ("anna", "ben", "carl")]
    (tmp_path / "cases.csv").write_text("\n".join(["subject,name,source,target", *lines]))
    settings = ReadingSettings(
        root=tmp_path,
        source=ImageSettings(pattern="*/MR", modality="MR"),
        target=ImageSettings(pattern="*/CT", modality="CT"),
        table=tmp_path / "cases.csv" if by_table else None,
    )
    cases = find_cases(settings)
    assert [case.name for case in cases] == ["anna", "ben", "carl"]
    assert load_pair(cases[1]).target.voxels.min() == 70
    test, train = (next(case for case in cases if case.split == split) for split in ("test", "train"))
    for file in files_of(train.sources[0]):
        file.write_bytes((test.sources[0] / file.name).read_bytes())
    with pytest.raises(InputRefused, match="same file in two splits"):
        find_cases(settings)


def test_one_file_is_hashed_by_its_bytes(tmp_path):
    (tmp_path / "v.nii").write_bytes(b"abc")
    assert hash_volume(tmp_path / "v.nii").startswith("ba7816bf8f01cfea")
    assert size_of_volume(tmp_path / "v.nii") == 3


def test_an_existing_volume_is_replaced_only_on_request(tmp_path):
    write_volume(VOLUME, tmp_path / "v.nii")
    with pytest.raises(UsageError, match="--overwrite"):
        write_volume(VOLUME, tmp_path / "v.nii")
    write_volume(VOLUME.like(VOLUME.voxels + 1), tmp_path / "v.nii", overwrite=True)
    assert read_volume(tmp_path / "v.nii").voxels.min() == 1


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputRefused, match=r"\.nii\.gz"):
        read_volume(tmp_path / "picture.png")


def test_several_volumes_become_channels_with_the_findings_of_all(tmp_path):
    for number in range(2):
        write_volume(VOLUME.like(VOLUME.voxels + number), tmp_path / f"{number}.nii")
        raw = bytearray((tmp_path / f"{number}.nii").read_bytes())
        raw[252:256] = bytes(4)
        (tmp_path / f"{number}.nii").write_bytes(bytes(raw))
    found = read_channels([tmp_path / "0.nii", tmp_path / "1.nii"])
    assert found.channels == 2
    assert [Path(finding.where).name for finding in found.findings] == ["0.nii", "1.nii"]
    write_volume(Volume(VOLUME.voxels, np.eye(4)), tmp_path / "2.nii")
    with pytest.raises(GridMismatch, match=r"0\.nii.*mm apart"):
        read_channels([tmp_path / "0.nii", tmp_path / "2.nii"])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mha"])
def test_a_volume_and_its_copy_have_the_same_geometry(suffix, tmp_path):
    write_volume(VOLUME, tmp_path / f"v{suffix}")
    volume = read_volume(tmp_path / f"v{suffix}")
    write_volume(volume.like(volume.voxels + 1), tmp_path / f"w{suffix}")
    other = read_volume(tmp_path / f"w{suffix}")
    assert same_geometry(volume, other)
    assert same_geometry(volume, volume.like(volume.voxels))
    assert not same_geometry(volume, Volume(volume.voxels, volume.affine))
    assert not same_geometry(volume, Volume(volume.voxels, volume.affine, Origin("other")))
    moved = volume.affine.copy()
    moved[0, 3] = np.nextafter(moved[0, 3], 1)
    assert not same_geometry(volume, Volume(volume.voxels, moved, volume.origin))


def test_the_uncertainty_is_beside_its_translation():
    for name, beside in (
        ("ct.nii.gz", "ct_std.nii.gz"),
        ("CT.NII", "CT_std.NII"),
        ("a.b.mha", "a.b_std.mha"),
        ("s", "s_std"),
        ("s_dicom", "s_dicom_std.nii.gz"),
    ):
        assert uncertainty_path(Path("out") / name) == Path("out") / beside


def test_an_image_where_a_mask_should_be_is_refused(tmp_path):
    mask = tmp_path / "brain_T1.nii.gz"
    soft = np.linspace(0, 1, 1000)
    for values in (np.arange(1000.0) % 300, np.arange(1000.0) % 3, soft):
        write_volume(Volume(values.reshape(1, 10, 10, 10), np.eye(4)), mask, overwrite=True)
        with pytest.raises(InputRefused, match=r"different values .*, and a mask has 0 and one other"):
            read_mask(mask)
    for values in (np.arange(1000.0) % 2, 255 * (np.arange(1000.0) % 2), np.ones(1000)):
        write_volume(Volume(values.reshape(1, 10, 10, 10), np.eye(4)), mask, overwrite=True)
        assert read_mask(mask).voxels.max() == values.max()


def test_one_label_of_a_label_map_is_a_mask(tmp_path):
    path = tmp_path / "labels.nii.gz"
    labels = np.arange(1000).reshape(1, 10, 10, 10) % 5
    write_volume(Volume(labels, np.eye(4)), path)
    assert np.array_equal(read_mask(path, 3).voxels, labels == 3)
    with pytest.raises(InputRefused, match="has no voxel of the label 7"):
        read_mask(path, 7)

"""DICOM Segmentation: read back by pydicom and, where it is installed, by highdicom; validated by dciodvfy."""

import subprocess

import numpy as np
import pydicom
import pytest

from medtrans.core.errors import InputRefused
from medtrans.reading.derived_series import write_derived
from tests.reading.formats.test_dicom_out import IDENTITY, NEEDS_DCIODVFY, SOURCES, UNKNOWN_TO_DCIODVFY, made

LABELS = [0, 2, 3, 41]


def written(kind, tmp_path, **changes):
    """The labels, and the data set of the segmentation."""
    source = SOURCES[kind](tmp_path / "in")
    voxels = np.random.default_rng(3).choice(LABELS, source.voxels.shape, p=[0.6, 0.2, 0.1, 0.1]).astype(np.uint8)
    voxels[..., 0][voxels[..., 0] == 41] = 0
    translated = source.like(voxels)
    write_derived(translated, tmp_path / "out", made("labels", **changes))
    (file,) = (tmp_path / "out").iterdir()
    return translated, pydicom.dcmread(file)


def positions(volume):
    """Position of the first pixel of each slice, LPS."""
    return [(np.diag([-1, -1, 1, 1]) @ volume.affine @ [0, 0, k, 1])[:3] for k in range(volume.shape[2])]


@pytest.mark.parametrize("kind", SOURCES)
def test_every_label_is_a_segment_at_its_place(kind, tmp_path):
    volume, one = written(kind, tmp_path)
    names = {int(segment.SegmentNumber): int(segment.SegmentLabel.split()[1]) for segment in one.SegmentSequence}
    assert set(names.values()) == set(np.unique(volume.voxels)) - {0}
    found = np.zeros(volume.shape, np.uint8)
    frames = np.atleast_3d(one.pixel_array.T).T.reshape(-1, one.Rows, one.Columns)
    assert len(frames) == one.NumberOfFrames == len(one.PerFrameFunctionalGroupsSequence)
    for pixels, groups in zip(frames, one.PerFrameFunctionalGroupsSequence, strict=True):
        place = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        k = int(np.argmin([np.linalg.norm(place - each) for each in positions(volume)]))
        assert np.linalg.norm(place - positions(volume)[k]) < 1e-3
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        assert list(groups.FrameContentSequence[0].DimensionIndexValues) == [number, k + 1]
        assert pixels.any(), "empty slices are left out"
        found[..., k][pixels.T > 0] = names[number]
    assert np.array_equal(found, volume.voxels[0])


def test_it_belongs_to_the_study_and_refers_to_the_slices_of_its_source(tmp_path):
    _, one = written("axial", tmp_path)
    sources = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, (tmp_path / "in").iterdir())}
    assert (one.Modality, one.SOPClassUID.name) == ("SEG", "Segmentation Storage")
    assert (str(one.PatientName), one.StudyInstanceUID) == (IDENTITY["PatientName"], IDENTITY["StudyInstanceUID"])
    assert (one.FrameOfReferenceUID, one.SyntheticData) == (IDENTITY["FrameOfReferenceUID"], "YES")
    (series,) = one.ReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence} == set(sources)
    for groups in one.PerFrameFunctionalGroupsSequence:
        (reference,) = groups.DerivationImageSequence[0].SourceImageSequence
        source = sources[reference.ReferencedSOPInstanceUID]
        assert source.ImagePositionPatient == groups.PlanePositionSequence[0].ImagePositionPatient


def test_without_identity_nothing_refers_to_the_source_by_its_own_identifiers(tmp_path):
    written("axial", tmp_path, anonymous=True)
    sources = [pydicom.dcmread(file) for file in (tmp_path / "in").iterdir()]
    (file,) = (tmp_path / "out").iterdir()
    data = file.read_bytes()
    words = [
        IDENTITY[name] for name in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "AccessionNumber")
    ]
    for word in [*words, *(one.SOPInstanceUID for one in sources), "1.2.3\0"]:
        assert word.encode() not in data, word


@NEEDS_DCIODVFY
@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("kind", SOURCES)
def test_dciodvfy_finds_no_error(kind, anonymous, tmp_path):
    written(kind, tmp_path, anonymous=anonymous)
    (file,) = (tmp_path / "out").iterdir()
    told = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, timeout=60)
    lines = (told.stdout + told.stderr).splitlines()
    assert "Segmentation" in [line.strip() for line in lines]
    assert [line for line in lines if line.startswith(("Error", "Abort")) and UNKNOWN_TO_DCIODVFY not in line] == []


def test_a_map_without_labels_is_refused(tmp_path):
    source = SOURCES["axial"](tmp_path / "in")
    with pytest.raises(InputRefused, match="holds no label above 0"):
        write_derived(source.like(np.zeros(source.voxels.shape, np.uint8)), tmp_path / "out", made("labels"))


def test_highdicom_reads_the_same_labels(tmp_path):
    highdicom = pytest.importorskip("highdicom", reason="highdicom is not installed")
    volume, _ = written("axial", tmp_path)
    segmentation = highdicom.seg.segread(next((tmp_path / "out").iterdir()))
    uids = [one.SOPInstanceUID for one in sorted(map(pydicom.dcmread, (tmp_path / "in").iterdir()),
                                                 key=lambda one: one.ImagePositionPatient[2])]  # fmt: skip
    found = segmentation.get_pixels_by_source_instance(uids, combine_segments=True, relabel=False)
    numbers = {
        int(segment.SegmentNumber): int(segment.SegmentLabel.split()[1]) for segment in segmentation.SegmentSequence
    }
    labels = np.vectorize(lambda number: numbers.get(int(number), 0))(found)
    assert np.array_equal(labels.transpose(2, 1, 0), volume.voxels[0])

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medtrans.reading.volumes import read_volume
from tests.reading.formats.dicom_files import enhanced, plain_series, volume, write_series

VOXELS = np.abs(volume())
CREATOR = "Philips MR Imaging DD 001"
SLOPES, INTERCEPTS, SCALES = [1.0, 2.0, 0.5, 1.25, 3.0], [0.0, 10.0, 0.0, -5.0, 0.0], [0.01, 0.01, 0.02, 0.01, 0.04]


def philips(**more):
    series = plain_series(VOXELS, **{"Manufacturer": "Philips Medical Systems", "Modality": "MR", **more})
    for k, one in enumerate(series):
        one.RescaleSlope, one.RescaleIntercept = SLOPES[k], INTERCEPTS[k]
        one.private_block(0x2005, CREATOR, create=True).add_new(0x0E, "FL", SCALES[k])
    return series


def wanted():
    slope, intercept, scale = (np.array(each) for each in (SLOPES, INTERCEPTS, np.float32(SCALES)))
    return ((VOXELS * slope + intercept) / (slope * scale)).transpose(1, 0, 2)


def codes(found):
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_slices_of_philips_mr_have_floating_point_values(syntax, tmp_path):
    series = philips()
    for one in series:
        one.file_meta.TransferSyntaxUID = syntax
    found = read_volume(write_series(tmp_path / "s", series))
    assert np.allclose(found.voxels[0], wanted(), rtol=1e-5)
    assert codes(found) == ["philips-scale"]


@pytest.mark.parametrize("changes", [{"Manufacturer": "SIEMENS"}, {"Modality": "CT"}])
def test_no_other_series_is_scaled_by_elements_of_philips(changes, tmp_path):
    found = read_volume(write_series(tmp_path / "s", philips(**changes)))
    assert np.allclose(found.voxels[0], (VOXELS * SLOPES + INTERCEPTS).transpose(1, 0, 2))
    assert codes(found) == []


@pytest.mark.parametrize("scale", [0.0, float("nan"), float("inf")])
def test_a_scale_that_is_no_number_is_left_out(scale, tmp_path):
    series = philips()
    for one in series:
        one.private_block(0x2005, CREATOR)[0x0E].value = scale
    assert codes(read_volume(write_series(tmp_path / "s", series))) == []


def test_a_scale_in_some_slices_alone_is_warned_of(tmp_path):
    series = philips()
    del series[2][series[2].private_block(0x2005, CREATOR)[0x0E].tag]
    (finding,) = read_volume(write_series(tmp_path / "s", series)).findings
    assert (finding.severity, finding.what[-17:]) == ("warn", "4 of its 5 slices")


def test_frames_of_an_enhanced_file_have_their_own_scale(tmp_path):
    one = enhanced(VOXELS, slopes=SLOPES)
    one.Manufacturer, one.Modality = "Philips", "MR"
    for frame in one.PerFrameFunctionalGroupsSequence:
        k = round((frame.PlanePositionSequence[0].ImagePositionPatient[2] - 30) / 4)
        inner = Dataset()
        inner.private_block(0x2005, CREATOR, create=True).add_new(0x0E, "FL", SCALES[k])
        frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", [inner])
    pydicom.dcmwrite(tmp_path / "one.dcm", one, enforce_file_format=True)
    assert np.allclose(
        read_volume(tmp_path / "one.dcm").voxels[0], (VOXELS / np.float32(SCALES)).transpose(1, 0, 2), rtol=1e-5
    )

"""Derived DICOM series: read back by medtrans, pydicom, GDCM and dcm2niix, and validated by dciodvfy."""

import os
import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.reading import derived_series
from medtrans.reading.derived_series import Provenance, findings_on, is_derived, refuse_without_space, write_derived
from medtrans.reading.volumes import read_volume, same_geometry
from tests.reading.formats.dicom_files import enhanced, plain_series, slice_of, volume, write_series

DATA = Path(os.environ.get("MEDTRANS_TEST_DATA", "-"))
NEEDS_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="MEDTRANS_TEST_DATA names no folder of real volumes")
CASES = DATA.parent / "cases" / "dicom"
NEEDS_DCIODVFY = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
NEEDS_DCM2NIIX = pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
UNKNOWN_TO_DCIODVFY = "Attribute with an even group number is not a recognized standard attribute - (0x0008,0x001c)"
"""SyntheticData, which is younger than the dciodvfy of Debian 12 and reported by it, whatever its value."""
VOXELS = volume()
IDENTITY = {
    "PatientName": "Müller^Anna",
    "PatientID": "P-4711",
    "PatientBirthDate": "19500102",
    "PatientSex": "F",
    "StudyInstanceUID": "1.2.3.4",
    "StudyDate": "20240506",
    "StudyTime": "101112",
    "StudyID": "ST77",
    "AccessionNumber": "ACC99",
    "ReferringPhysicianName": "Referrer^R",
    "StudyDescription": "Head of Anna",
    "PatientAge": "074Y",
    "PatientWeight": "61.5",
    "InstitutionName": "Clinic of X",
    "StationName": "MRC1",
    "FrameOfReferenceUID": "1.2.3.9",
    "PatientPosition": "HFS",
    "PositionReferenceIndicator": "OM",
    "Manufacturer": "Acme",
    "ManufacturerModelName": "Scan 3T",
    "SpecificCharacterSet": "ISO_IR 100",
    "AcquisitionDate": "20240506",
    "OtherPatientNames": "Schmidt^Anna",
    "PatientComments": "a comment on Anna",
}


def made(modality="CT", **changes):
    usual = {"version": "0.1.0", "model": "toy", "model_sha256": "ab" * 32, "inputs_sha256": "cd" * 32}
    return Provenance(modality=find_modality(modality), **{**usual, **changes})


def source_in(folder, **more):
    return read_volume(write_series(folder, plain_series(VOXELS, **{**IDENTITY, **more})))


def as_ct(source):
    """Other values than those of the source, as int16 HU."""
    rng = np.random.default_rng(5)
    return source.like(rng.integers(-1024, 3071, source.voxels.shape).astype(np.int16))


def written(source, folder, modality="CT", **changes):
    translated = as_ct(source) if modality == "CT" else source.like(np.abs(source.voxels).astype(np.float32) * 0.37)
    write_derived(translated, folder, made(modality, **changes))
    return translated


def datasets(folder):
    return [pydicom.dcmread(file) for file in sorted(folder.iterdir())]


def oblique(folder, turn):
    from scipy.spatial.transform import Rotation

    axes = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    slices = [
        slice_of(VOXELS[..., k], place=axes @ [5.123456, -7, 3.3 * k], directions=[*axes[:, 0], *axes[:, 1]])
        for k in range(5)
    ]
    return read_volume(write_series(folder, slices))


def many_frames(folder):
    folder.mkdir()
    pydicom.dcmwrite(folder / "enhanced.dcm", enhanced(VOXELS), enforce_file_format=True)
    return read_volume(folder / "enhanced.dcm")


def one_slice(folder):
    return read_volume(write_series(folder, plain_series(VOXELS[..., :1])))


SOURCES = {
    "axial": source_in,
    "oblique": lambda folder: oblique(folder, (10, -30, 60)),
    "sagittal": lambda folder: oblique(folder, (90, 0, 90)),
    "upside down": lambda folder: oblique(folder, (180, 3, 0)),
    "many frames": many_frames,
    "one slice": one_slice,
}


def assert_same_in_space(image, wanted):
    """A NIfTI image holds the values of a volume at the same places, to 1e-3 mm at every corner."""
    theirs = nib.as_closest_canonical(image)
    ours = nib.as_closest_canonical(nib.Nifti1Image(wanted.voxels[0].astype(np.float64), wanted.affine))
    assert theirs.shape[:3] == ours.shape
    corners = np.array(np.meshgrid(*[[0, side - 1] for side in ours.shape], [1])).reshape(4, -1)
    assert np.abs((theirs.affine @ corners - ours.affine @ corners)[:3]).max() < 1e-3
    return np.asarray(theirs.dataobj).reshape(ours.shape), np.asarray(ours.dataobj)


@pytest.mark.parametrize("kind", SOURCES)
def test_hu_and_place_are_those_of_the_volume_read_by_medtrans_pydicom_and_gdcm(kind, tmp_path):
    source = SOURCES[kind](tmp_path / "in")
    translated = written(source, tmp_path / "out")
    back = read_volume(tmp_path / "out")
    assert same_geometry(back, Volume(back.voxels, source.affine, back.origin)) or np.allclose(
        back.affine, source.affine, rtol=0, atol=1e-6
    )
    assert np.array_equal(back.voxels, translated.voxels)
    assert back.voxels.dtype == np.int16
    assert back.origin.modality == "CT"
    for k, one in enumerate(datasets(tmp_path / "out")):
        hu = one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept)
        assert np.array_equal(hu.T, translated.voxels[0, ..., k])
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "out"))
    image = sitk.ReadImage(names)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    theirs = nib.Nifti1Image(sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float64),
                             np.diag([-1, -1, 1, 1]) @ affine)  # fmt: skip
    values, wanted = assert_same_in_space(theirs, translated)
    assert np.array_equal(values, wanted)


def by_dcm2niix(folder, out):
    """The volume as dcm2niix converts it."""
    out.mkdir()
    command = ["dcm2niix", "-b", "n", "-z", "n", "-f", "back", "-o", str(out), str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120)
    (file,) = sorted(out.glob("*.nii"))
    assert told.returncode == 0, told.stdout
    return nib.load(file)


@NEEDS_DCM2NIIX
@pytest.mark.parametrize("kind", SOURCES)
def test_dcm2niix_finds_the_same_hu_at_the_same_places(kind, tmp_path):
    translated = written(SOURCES[kind](tmp_path / "in"), tmp_path / "out")
    values, wanted = assert_same_in_space(by_dcm2niix(tmp_path / "out", tmp_path / "nii"), translated)
    assert np.array_equal(values, wanted)


def errors_of(folder):
    """What dciodvfy calls an error, without its ignorance of SyntheticData."""
    found = []
    for file in sorted(folder.iterdir()):
        told = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, timeout=60)
        lines = (told.stdout + told.stderr).splitlines()
        assert any(line.strip() in ("CTImage", "MRImage") for line in lines), lines
        found += [line for line in lines if line.startswith(("Error", "Abort")) and UNKNOWN_TO_DCIODVFY not in line]
    return found


@NEEDS_DCIODVFY
@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("kind", SOURCES)
def test_dciodvfy_finds_no_error(kind, anonymous, modality, tmp_path):
    written(SOURCES[kind](tmp_path / "in"), tmp_path / "out", modality, anonymous=anonymous)
    assert errors_of(tmp_path / "out") == []


@NEEDS_DCIODVFY
@NEEDS_DATA
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_dciodvfy_finds_no_error_in_what_is_made_of_real_series(modality, tmp_path):
    real = [DATA / "dicom" / "mr_head_t1c", *(CASES / name for name in ("control", "rows_2mm_columns_8mm"))]
    for number, path in enumerate(folder for folder in real if folder.is_dir()):
        written(read_volume(path), tmp_path / str(number), modality)
        assert errors_of(tmp_path / str(number)) == []


@NEEDS_DCIODVFY
def test_dciodvfy_does_find_an_error_where_there_is_one(tmp_path):
    written(source_in(tmp_path / "in"), tmp_path / "out")
    file = tmp_path / "out" / "0001.dcm"
    dataset = pydicom.dcmread(file)
    del dataset.RescaleIntercept
    dataset.save_as(file)
    assert errors_of(tmp_path / "out")


@NEEDS_DCM2NIIX
@NEEDS_DATA
def test_a_real_series_and_its_derived_one_lie_at_the_same_places_for_dcm2niix(tmp_path):
    source = read_volume(DATA / "dicom" / "mr_head_t1c")
    translated = written(source, tmp_path / "out")
    values, wanted = assert_same_in_space(by_dcm2niix(tmp_path / "out", tmp_path / "nii"), translated)
    assert np.array_equal(values, wanted)


def test_patient_study_and_frame_of_reference_are_those_of_the_source(tmp_path):
    written(source_in(tmp_path / "in"), tmp_path / "out")
    sources = {str(one.ImagePositionPatient): one for one in datasets(tmp_path / "in")}
    for one in datasets(tmp_path / "out"):
        source = sources[str(one.ImagePositionPatient)]
        for name in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "StudyDate", "AccessionNumber",
                     "FrameOfReferenceUID", "PatientPosition", "ImageOrientationPatient", "PixelSpacing",
                     "PositionReferenceIndicator", "PatientWeight"):  # fmt: skip
            assert str(one[name].value) == str(source[name].value), name
        assert one.SOPClassUID.name == "CT Image Storage"
        assert list(one.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        assert (one.Modality, one.RescaleType, one.SyntheticData, one.BurnedInAnnotation) == ("CT", "HU", "YES", "NO")
        assert one.SeriesDescription == "SYNTHETIC CT Head"
        assert "toy" in one.DerivationDescription
        assert "ab" * 32 in one.DerivationDescription
        assert "cd" * 32 in one.DerivationDescription
        (reference,) = one.SourceImageSequence
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert reference.ReferencedSOPClassUID == source.SOPClassUID
        scanner, software = one.ContributingEquipmentSequence
        assert (scanner.Manufacturer, scanner.ManufacturerModelName) == ("Acme", "Scan 3T")
        assert (software.Manufacturer, one.Manufacturer) == ("medtrans", "medtrans")
        assert one.SoftwareVersions[0] == "medtrans 0.1.0"
        assert one.SeriesInstanceUID != source.SeriesInstanceUID
        assert one.SOPInstanceUID != source.SOPInstanceUID


def test_frames_of_an_enhanced_file_are_referred_to_by_number(tmp_path):
    written(many_frames(tmp_path / "in"), tmp_path / "out")
    frames = pydicom.dcmread(tmp_path / "in" / "enhanced.dcm").PerFrameFunctionalGroupsSequence
    for one in datasets(tmp_path / "out"):
        (reference,) = one.SourceImageSequence
        position = frames[reference.ReferencedFrameNumber - 1].PlanePositionSequence[0].ImagePositionPatient
        assert list(map(float, position)) == list(map(float, one.ImagePositionPatient))


def identifiers(folder):
    return [(one.SeriesInstanceUID, one.SOPInstanceUID) for one in datasets(folder)]


def test_the_same_translation_gives_the_same_bytes_and_another_one_other_identifiers(tmp_path):
    source = source_in(tmp_path / "in")
    for name in ("one", "two"):
        written(source, tmp_path / name)
    files = [[file.read_bytes() for file in sorted((tmp_path / name).iterdir())] for name in ("one", "two")]
    assert files[0] == files[1]
    seen = set(identifiers(tmp_path / "one"))
    assert len(seen) == 5
    changes = [{"model_sha256": "00"}, {"inputs_sha256": "00"}, {"settings_sha256": "00"}, {"version": "2"}]
    for number, change in enumerate([*changes, {"anonymous": True}]):
        written(source, tmp_path / f"other{number}", **change)
        found = set(identifiers(tmp_path / f"other{number}"))
        assert not {uid for pair in found for uid in pair} & {uid for pair in seen for uid in pair}
        seen |= found
    write_derived(source.like(as_ct(source).voxels + np.int16(1)), tmp_path / "values", made())
    assert not set(identifiers(tmp_path / "values")) & seen


def test_without_identity_no_word_of_it_is_in_any_file(tmp_path):
    written(source_in(tmp_path / "in"), tmp_path / "out", anonymous=True)
    kept = ("HFS",)
    uids = {
        str(one[name].value) for one in datasets(tmp_path / "in") for name in ("SOPInstanceUID", "SeriesInstanceUID")
    }
    words = [value for name, value in IDENTITY.items() if name != "SpecificCharacterSet" and value not in kept]
    assert uids
    for file in (tmp_path / "out").iterdir():
        data = file.read_bytes()
        for word in [*words, *uids, "cd" * 32, "20240506", "Head\\", "Anna"]:
            if word != "F" and word != "OM":
                assert word.encode("utf-8") not in data.replace(b"\0", b""), word
        one = pydicom.dcmread(file)
        assert (one.PatientName, one.PatientID, one.PatientSex, one.StudyDate) == ("", "", "", "")
        assert one.PatientIdentityRemoved == "YES"
        assert one.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
        assert one.SyntheticData == "YES"
    assert len({one.StudyInstanceUID for one in datasets(tmp_path / "out")}) == 1
    written(source_in(tmp_path / "in"), tmp_path / "later", anonymous=True, model_sha256="00")
    one, other = datasets(tmp_path / "out")[0], datasets(tmp_path / "later")[0]
    assert one.StudyInstanceUID == other.StudyInstanceUID, "series of one study stay together"
    assert one.FrameOfReferenceUID == other.FrameOfReferenceUID


@pytest.mark.parametrize(
    ("name", "charset"), [("Müller^Anna", "ISO_IR 100"), ("Иванов^И", "ISO_IR 144"), ("山田^太郎", "ISO_IR 192")]
)
def test_names_in_any_script_are_kept(name, charset, tmp_path):
    written(source_in(tmp_path / "in", PatientName=name, SpecificCharacterSet=charset), tmp_path / "out")
    assert str(datasets(tmp_path / "out")[0].PatientName) == name


@pytest.mark.filterwarnings("ignore:Invalid value for VR DS")
def test_several_values_stay_several_and_what_cannot_be_decoded_is_left_out(tmp_path):
    source_in(tmp_path / "in", OtherPatientNames=["Schmidt^Anna", "Müller^A"])
    for file in (tmp_path / "in").iterdir():
        file.write_bytes(file.read_bytes().replace(b"61.5", b"6x.5"))
    written(read_volume(tmp_path / "in"), tmp_path / "out")
    one = datasets(tmp_path / "out")[0]
    assert [str(name) for name in one.OtherPatientNames] == ["Schmidt^Anna", "Müller^A"]
    assert "PatientWeight" not in one
    assert str(one.PatientID) == IDENTITY["PatientID"]


def test_mr_is_stored_in_16_bits_with_the_slope_that_gives_it_back(tmp_path):
    translated = written(source_in(tmp_path / "in"), tmp_path / "out", "MR")
    back = read_volume(tmp_path / "out")
    assert np.abs(back.voxels - translated.voxels).max() <= translated.voxels.max() / 32767 * 0.51
    one = datasets(tmp_path / "out")[0]
    assert (one.Modality, one.SOPClassUID.name) == ("MR", "MR Image Storage")
    assert one.SeriesDescription.startswith("SYNTHETIC MR")
    whole = Volume(np.abs(VOXELS).transpose(1, 0, 2)[None].astype(np.float32), translated.affine, translated.origin)
    write_derived(whole, tmp_path / "whole", made("MR"))
    assert "RescaleSlope" not in datasets(tmp_path / "whole")[0]
    assert np.array_equal(read_volume(tmp_path / "whole").voxels, whole.voxels)


def test_a_volume_on_a_finer_grid_lies_where_its_affine_says(tmp_path):
    source = oblique(tmp_path / "in", (10, -30, 60))
    affine = source.affine @ np.diag([0.5, 0.5, 0.5, 1])
    voxels = np.random.default_rng(0).integers(-1000, 1000, (1, 8, 12, 9)).astype(np.int16)
    write_derived(Volume(voxels, affine, source.origin), tmp_path / "out", made())
    back = read_volume(tmp_path / "out")
    assert np.array_equal(back.voxels, voxels)
    assert np.allclose(back.affine, affine, rtol=0, atol=1e-6)
    assert len(datasets(tmp_path / "out")[0].SourceImageSequence) == 5


def test_what_a_source_lacks_is_empty_or_derived_and_never_invented(tmp_path):
    written(read_volume(write_series(tmp_path / "in", plain_series(VOXELS))), tmp_path / "out")
    found = datasets(tmp_path / "out")
    assert {str(one.PatientName) for one in found} == {""}
    assert {one.StudyDate for one in found} == {""}
    assert len({one.StudyInstanceUID for one in found}) == len({one.FrameOfReferenceUID for one in found}) == 1


def test_other_modalities_and_volumes_that_were_no_dicom_are_refused(tmp_path):
    source = source_in(tmp_path / "in")
    with pytest.raises(UsageError, match="PET is not written as DICOM"):
        write_derived(source, tmp_path / "out", made("PET"))
    with pytest.raises(InputRefused, match="names no patient"):
        write_derived(Volume(source.voxels, source.affine), tmp_path / "out", made())
    assert not (tmp_path / "out").exists()


def test_a_disk_too_small_is_refused_with_its_figures(tmp_path, monkeypatch):
    refuse_without_space((512, 512, 2), tmp_path / "deep" / "out")
    usage = type("Usage", (), {"free": 500_000})()
    monkeypatch.setattr(derived_series.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EnvironmentRefused, match=r"has 0\.5 MB free, and the DICOM series .* takes 2\.1 MB"):
        refuse_without_space((512, 512, 2), tmp_path / "deep" / "out")


def test_only_a_series_of_medtrans_counts_as_one_that_may_be_replaced(tmp_path):
    written(source_in(tmp_path / "in"), tmp_path / "out")
    assert is_derived(tmp_path / "out")
    assert not is_derived(tmp_path / "in")
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert not is_derived(tmp_path / "out")


def test_whoever_imports_it_is_told_of_identity_and_of_slices_that_are_not_axial(tmp_path):
    axial, sagittal = source_in(tmp_path / "a"), oblique(tmp_path / "s", (90, 0, 90))
    assert [one.code for one in findings_on(axial, tmp_path, anonymous=False)] == ["identity-kept"]
    assert [one.code for one in findings_on(axial, tmp_path, anonymous=True)] == ["identity-removed"]
    assert "slices-not-axial" in [one.code for one in findings_on(sagittal, tmp_path, anonymous=True)]

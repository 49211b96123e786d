"""Translations of DICOM series: what is written where, whole or not at all, and told apart when it is done again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medtrans.batching import translate_case
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import InputRefused, UsageError
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.reading import derived_series
from medtrans.reading.volumes import hash_volume, read_volume, volumes_of
from medtrans.translating.ensemble import Ensemble
from tests.batching.outcomes import verdicts
from tests.reading.formats.dicom_files import plain_series, slice_of, write_series
from tests.reading.formats.test_dicom_out import IDENTITY
from tests.reading.formats.test_dicom_tilt import tilted
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of

VOXELS = ball((9, 8, 7))[0][0].astype(np.int16).transpose(1, 0, 2)


@pytest.fixture
def series(tmp_path):
    return write_series(tmp_path / "in" / "head", plain_series(VOXELS, **IDENTITY))


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_dicom_into_a_folder_gives_nifti_and_a_series_beside_each_other(series, translator, tmp_path):
    out = tmp_path / "out"
    [outcome] = translate_files(series, out, translator, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    files = [f"head_dicom/{number:04d}.dcm" for number in range(1, 8)]
    assert names(out) == sorted(["head.json", "head.nii.gz", "ledger.jsonl", *files])
    source, nifti, back = map(read_volume, (series, out / "head.nii.gz", out / "head_dicom"))
    assert np.array_equal(nifti.voxels, back.voxels)
    assert np.array_equal(source.affine, back.affine)
    facts = json.loads((out / "head.json").read_text())
    assert facts["dicom"]["folder"] == "head_dicom"
    assert facts["dicom"]["sha256"] == hash_volume(out / "head_dicom")
    one = pydicom.dcmread(out / "head_dicom" / "0001.dcm")
    assert facts["dicom"]["series_instance_uid"] == one.SeriesInstanceUID
    assert facts["dicom"]["identity"] == "kept"
    assert facts["model"]["sha256"] in one.DerivationDescription
    assert facts["inputs"][0]["sha256"] in one.DerivationDescription
    assert str(one.PatientName) == IDENTITY["PatientName"]
    assert "identity-kept" in [finding.code for finding in outcome.findings]
    json.dumps(outcome.to_dict())


@pytest.mark.parametrize(
    ("wanted", "there", "lacks"),
    [
        ("dicom", "head_dicom.json", "head.nii.gz"),
        ("nifti", "head.json", "head_dicom/0001.dcm"),
        ("both", "head.nii.gz", "-"),
    ],
)
def test_the_format_that_is_asked_for_is_written_and_no_other(wanted, there, lacks, series, translator, tmp_path):
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format=wanted)
    assert outcome.verdict == "done", outcome.message
    found = names(tmp_path / "out")
    assert there in found
    assert lacks not in found
    assert ("head_dicom/0001.dcm" in found) == (wanted != "nifti")


def test_a_single_file_gives_nifti_under_its_own_name(series, translator, tmp_path):
    shutil.copy(series / "IM0003", tmp_path / "one.dcm")
    [outcome] = translate_files(tmp_path / "one.dcm", tmp_path / "out", translator, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    assert names(tmp_path / "out") == ["ledger.jsonl", "one.json", "one.nii.gz", "one_dicom/0001.dcm"]
    [outcome] = translate_files(series, tmp_path / "file.nii.gz", translator, file_format="auto")
    assert outcome.verdict == "done"
    assert not (tmp_path / "file_dicom").exists()


def test_a_folder_of_volumes_gives_a_series_for_each_that_was_one(series, translator, tmp_path):
    save_nifti(tmp_path / "in" / "other.nii.gz", ball((9, 8, 7))[0], oblique())
    outcomes = translate_files(tmp_path / "in", tmp_path / "out", translator, file_format="auto")
    assert verdicts(outcomes) == ["done", "done"]
    assert [name for name in names(tmp_path / "out") if name.endswith("0001.dcm")] == ["head_dicom/0001.dcm"]
    with pytest.raises(InputRefused, match=r"other\.nii\.gz: is no DICOM, .*give the DICOM series itself"):
        translate_files(tmp_path / "in", tmp_path / "new", translator, file_format="dicom")
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_dicom_is_refused_before_anything_is_translated(series, translator, tmp_path):
    for output in (tmp_path / "ct.nii.gz", tmp_path / "ct.dcm"):
        with pytest.raises(UsageError, match="give a folder"):
            translate_files(series, output, translator, file_format="dicom")
    with pytest.raises(UsageError, match=r"ct\.dcm: is the name of one DICOM file"):
        translate_files(series, tmp_path / "ct.dcm", translator)
    pet = translator_of(Same(), target_modality="PET", target_normalisation=Linear(low=0, high=2000))
    with pytest.raises(UsageError, match="--format dicom: the model gives PET"):
        translate_files(series, tmp_path / "out", pet, file_format="dicom")
    assert not (tmp_path / "out").exists()
    [outcome] = translate_files(series, tmp_path / "out", pet, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    assert names(tmp_path / "out") == ["head.json", "head.nii.gz", "ledger.jsonl"]


def test_a_disk_too_small_is_refused_before_the_model_runs(series, tmp_path, monkeypatch):
    method = Same()
    usage = type("Usage", (), {"free": 10_000})()
    monkeypatch.setattr(derived_series.shutil, "disk_usage", lambda path: usage)
    [outcome] = translate_files(series, tmp_path / "out", translator_of(method), file_format="dicom")
    assert (outcome.verdict, outcome.exit_code) == ("failed", 5)
    assert "MB free" in outcome.message
    assert not method.shapes
    assert not names(tmp_path / "out") if (tmp_path / "out").exists() else True


@pytest.mark.parametrize("wanted", ["dicom", "both"])
def test_a_series_is_whole_or_absent_whenever_writing_stops(wanted, series, translator, tmp_path, monkeypatch):
    writes = translate_case.write_series

    def stops(*arguments):
        writes(*arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(translate_case, "write_series", stops)
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format=wanted)
    assert outcome.verdict == "failed"
    assert names(tmp_path / "out") == []
    monkeypatch.undo()
    translate_files(series, tmp_path / "out", translator, file_format=wanted)
    before = hash_volume(tmp_path / "out" / "head_dicom")
    monkeypatch.setattr(translate_case, "write_series", stops)
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format=wanted, overwrite=True)
    assert outcome.verdict == "failed"
    assert hash_volume(tmp_path / "out" / "head_dicom") == before


@pytest.mark.parametrize("wanted", ["dicom", "both"])
def test_what_is_done_is_not_done_again_and_a_lost_slice_is(wanted, series, translator, tmp_path):
    options = {"file_format": wanted, "resume": True}
    out = tmp_path / "out"
    assert verdicts(translate_files(series, out, translator, **options)) == ["done"]
    before = hash_volume(out / "head_dicom")
    assert verdicts(translate_files(series, out, translator, **options)) == ["skipped"]
    (out / "head_dicom" / "0003.dcm").unlink()
    [outcome] = translate_files(series, out, translator, **options)
    assert outcome.verdict == "failed"
    assert "is not the file that the ledger names" in outcome.message
    assert verdicts(translate_files(series, out, translator, overwrite=True, **options)) == ["done"]
    assert hash_volume(out / "head_dicom") == before


def test_a_translation_without_a_series_is_done_again_where_one_is_wanted(series, translator, tmp_path):
    options = {"resume": True}
    assert verdicts(translate_files(series, tmp_path / "out", translator, **options)) == ["done"]
    assert verdicts(translate_files(series, tmp_path / "out", translator, file_format="both", **options)) == ["done"]
    assert (tmp_path / "out" / "head_dicom" / "0007.dcm").exists()


def test_a_folder_that_medtrans_did_not_write_is_never_replaced(series, translator, tmp_path):
    foreign = tmp_path / "out" / "head_dicom"
    foreign.mkdir(parents=True)
    (foreign / "scan.dcm").write_bytes(b"mine")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(UsageError):
            translate_files(series, tmp_path / "out", translator, file_format="both", **options)
    assert names(tmp_path / "out") == ["head_dicom/scan.dcm"]
    shutil.rmtree(foreign)
    foreign.write_text("a file")
    with pytest.raises(UsageError, match="is a file, where a series would be written"):
        translate_files(series, tmp_path / "out", translator, file_format="both", overwrite=True)


def test_an_input_is_never_replaced_by_the_series_of_another(translator, tmp_path):
    folder = tmp_path / "in"
    write_series(folder / "head", plain_series(VOXELS))
    write_series(folder / "head_dicom", plain_series(VOXELS + 1, SeriesInstanceUID="1.2.9"))
    assert len(volumes_of(folder)) == 2
    with pytest.raises(UsageError, match="is an input"):
        translate_files(folder, folder, translator, file_format="both", overwrite=True)


def test_older_series_is_replaced_as_a_whole(series, translator, tmp_path):
    translate_files(series, tmp_path / "out", translator, file_format="both")
    short = write_series(tmp_path / "short" / "head", plain_series(VOXELS[..., :4], **IDENTITY))
    translate_files(short, tmp_path / "out", translator, file_format="both", overwrite=True)
    assert len(list((tmp_path / "out" / "head_dicom").iterdir())) == 4
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_names_with_dots_and_the_folder_one_stands_in(translator, tmp_path, monkeypatch):
    series = write_series(tmp_path / "in" / "scan 1.5T", plain_series(VOXELS))
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format="dicom")
    assert outcome.verdict == "done", outcome.message
    assert {name.partition("/")[0] for name in names(tmp_path / "out")} == {
        *("scan 1.5T_dicom", "scan 1.5T_dicom.json", "ledger.jsonl")
    }
    monkeypatch.chdir(series)
    [outcome] = translate_files(Path(), tmp_path / "here", translator, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    assert (tmp_path / "here" / "scan 1.5T.nii.gz").exists()


def test_standard_deviations_lie_beside_a_series_as_nifti(series, tmp_path):
    ensemble = Ensemble([translator_of(Same()), translator_of(Same())])
    [outcome] = translate_files(series, tmp_path / "out", ensemble, file_format="dicom")
    assert outcome.verdict == "done", outcome.message
    assert "head_dicom_std.nii.gz" in names(tmp_path / "out")


def test_without_identity_the_sidecar_names_no_file_either(translator, tmp_path):
    series = write_series(tmp_path / "in" / "Mueller_Anna", plain_series(VOXELS, **IDENTITY))
    mask = write_series(tmp_path / "Mueller_mask", plain_series((VOXELS > -500).astype(np.int16)))
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format="both", anonymous=True, masks=mask)
    assert outcome.verdict == "done", outcome.message
    assert "identity-removed" in [finding.code for finding in outcome.findings]
    facts = json.loads((tmp_path / "out" / "Mueller_Anna.json").read_text())
    assert facts["inputs"][0]["file"] == "input 1"
    assert facts["dicom"]["identity"] == "removed"
    assert "Mueller_mask" not in json.dumps(facts)
    assert "P-4711" not in json.dumps(facts)


def test_a_sagittal_series_stays_sagittal_and_that_is_said(translator, tmp_path):
    slices = [slice_of(VOXELS[..., k], place=(4 * k, 0, 0), directions=[0, 1, 0, 0, 0, -1]) for k in range(7)]
    series = write_series(tmp_path / "in" / "head", slices)
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format="dicom")
    assert "slices-not-axial" in [finding.code for finding in outcome.findings]
    assert np.array_equal(read_volume(series).affine, read_volume(tmp_path / "out" / "head_dicom").affine)


def test_a_tilted_series_is_resampled_only_when_asked_and_refers_to_all_its_slices(translator, tmp_path):
    series = tilted(tmp_path / "in" / "head")
    [refused] = translate_files(series, tmp_path / "out", translator, file_format="both")
    assert (refused.verdict, refused.exit_code) == ("failed", 3)
    assert "tilted by 18.5°; give --resample-tilt" in refused.message
    assert not (tmp_path / "out").exists() or names(tmp_path / "out") == []
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format="both", resample_tilt=True)
    assert outcome.verdict == "done", outcome.message
    assert "tilt-resampled" in [finding.code for finding in outcome.findings]
    nifti, back = read_volume(tmp_path / "out" / "head.nii.gz"), read_volume(tmp_path / "out" / "head_dicom")
    assert np.allclose(nifti.affine, back.affine, rtol=0, atol=1e-5)
    assert np.array_equal(nifti.voxels, back.voxels)
    assert len(pydicom.dcmread(tmp_path / "out" / "head_dicom" / "0001.dcm").SourceImageSequence) == 6


def test_what_was_written_is_one_volume_for_whoever_reads_the_folder(series, translator, tmp_path):
    translate_files(series, tmp_path / "out", translator, file_format="both")
    assert volumes_of(tmp_path / "out") == [tmp_path / "out" / "head.nii.gz"]
    translate_files(series, tmp_path / "alone", translator, file_format="dicom")
    assert volumes_of(tmp_path / "alone") == [tmp_path / "alone" / "head_dicom"]


def test_label_maps_become_a_segmentation_beside_the_nifti(tmp_path):
    bright = write_series(tmp_path / "in" / "head", plain_series(np.where(VOXELS > 0, 3000, VOXELS).astype(np.int16)))
    translator = translator_of(Same(), target_normalisation=Labels(labels=(7,)))
    [outcome] = translate_files(bright, tmp_path / "out", translator, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    assert names(tmp_path / "out") == ["head.json", "head.nii.gz", "head_dicom/0001.dcm", "ledger.jsonl"]
    one = pydicom.dcmread(tmp_path / "out" / "head_dicom" / "0001.dcm")
    assert (one.Modality, [segment.SegmentLabel for segment in one.SegmentSequence]) == ("SEG", ["label 7"])
    labels = read_volume(tmp_path / "out" / "head.nii.gz").voxels
    assert one.pixel_array.sum() == np.count_nonzero(labels == 7) > 0


def test_a_map_without_labels_has_no_segmentation_and_that_is_said(series, tmp_path):
    translator = translator_of(Same(), target_normalisation=Labels(labels=(7,)))
    [outcome] = translate_files(series, tmp_path / "out", translator, file_format="auto")
    assert outcome.verdict == "done", outcome.message
    assert "no-segment" in [finding.code for finding in outcome.findings]
    assert names(tmp_path / "out") == ["head.json", "head.nii.gz", "ledger.jsonl"]
    [outcome] = translate_files(series, tmp_path / "alone", translator, file_format="dicom")
    assert (outcome.verdict, outcome.exit_code) == ("failed", 3)
    assert "holds no label above 0" in outcome.message
    assert not [name for name in names(tmp_path / "alone") if "dcm" in name]

"""One of several series: as `translate` and `check` take it, from a folder, a tree or a zip."""

import json
import zipfile

import numpy as np
import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume
from medtrans.stages._checked_series import CODE, table_rows
from medtrans.stages.check import check
from medtrans.stages.translate import translate
from tests.reading.formats.dicom_files import slice_of, write_series
from tests.reading.formats.test_dicom_out import IDENTITY
from tests.reading.test_series_tree import VOXELS, series
from tests.translating.stand_ins import preparation_of, tiny_regression


@pytest.fixture
def model(tmp_path):
    preparation = preparation_of()
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "m"})
    return tmp_path / "model"


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "study"
    kept = {"PatientID": IDENTITY["PatientID"], "Modality": "CT"}
    series(root / "a" / "b", 2, "Head", "1.2.2", names=[f"H{k}" for k in range(5)], **kept)
    series(root / "a" / "b", 3, "Head bone", "1.2.3", shift=3, names=[f"B{k}" for k in range(5)], **kept)
    return root


def test_the_series_that_is_wanted_is_translated_under_its_name(tree, model, tmp_path):
    [outcome] = translate(tree, tmp_path / "out", model, device="cpu", series="3")
    assert outcome.verdict == "done", outcome.message
    back = read_volume(tmp_path / "out" / "3_Head_bone_dicom")
    assert np.array_equal(back.affine, read_volume(tmp_path / "out" / "3_Head_bone.nii.gz").affine)
    [again] = translate(tree, tmp_path / "out", model, device="cpu", series="1.2.3", resume=True)
    assert again.verdict == "skipped"
    with pytest.raises(InputRefused, match=r"study: holds 2 series: 2 Head \(CT, 5 files\); 3 Head bone"):
        translate(tree, tmp_path / "new", model, device="cpu")
    assert not (tmp_path / "new").exists()


def test_a_zip_is_translated_and_errors_name_it_and_no_temporary_folder(tree, model, tmp_path):
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("H*")):
            archive.write(file, file.relative_to(tree))
    [outcome] = translate(path, tmp_path / "out", model, device="cpu")
    assert outcome.verdict == "done", outcome.message
    assert (tmp_path / "out" / "study.nii.gz").exists()
    assert (tmp_path / "out" / "study_dicom" / "0005.dcm").exists()
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("H*"))[::2]:
            archive.write(file, file.relative_to(tree))
        archive.write(sorted(tree.rglob("H*"))[1], "H1")
    [outcome] = translate(path, tmp_path / "bad", model, device="cpu")
    assert outcome.verdict == "failed"
    assert outcome.message.startswith(f"{path}: ")
    assert "1 slice is missing" in outcome.message
    with pytest.raises(InputRefused, match=r"^\S*study\.zip: no series fits --series 9"):
        translate(path, tmp_path / "bad", model, device="cpu", series="9")
    archive = zipfile.ZipFile(path, "w")
    archive.writestr("x.txt", "x")
    archive.close()
    with pytest.raises(InputRefused, match=r"study\.zip: holds no DICOM file"):
        translate(path, tmp_path / "bad", model, device="cpu")


def test_series_is_for_one_folder_or_zip(tree, model, tmp_path):
    with pytest.raises(UsageError, match="is for one input"):
        translate([[tree, tree]], tmp_path / "out", model, device="cpu", series="3")
    file = next(tree.rglob("H*"))
    with pytest.raises(UsageError, match="is no folder and no zip"):
        translate(file, tmp_path / "out", model, device="cpu", series="3")


def test_check_lists_each_series_with_what_can_be_done(tree, tmp_path):
    folder = tree / "a" / "b"
    lost = [slice_of(VOXELS[..., 0], place=(0, 0, 0), series="1.2.1", PatientID=IDENTITY["PatientID"], number=1)]
    lost.append(slice_of(VOXELS[..., 0], place=(0, 9, 0), directions=[1, 0, 0, 0, 0, -1], series="1.2.1",
                         PatientID=IDENTITY["PatientID"], number=1))  # fmt: skip
    write_series(folder, lost, ["L1", "L2"])
    for path in (tree, folder):
        findings = check(path)
        rows = table_rows(findings)
        assert [row["number"] for row in rows] == ["1", "2", "3"]
        assert "refused: 1 of its 2 slices have another direction" in rows[0]["what can be done"]
        assert rows[1]["what can be done"] == "translate, by a model for CT"
        assert (rows[1]["voxels"], rows[1]["spacing mm"]) == ("4 × 6 × 5", "3 × 2 × 4")
        assert [one.severity for one in findings if one.code != CODE and "direction" in one.what] == ["warn"]
        json.dumps([finding.to_dict() for finding in findings])


def test_check_refuses_two_patients_in_one_folder(tree):
    series(tree / "a" / "b", 9, "Other", "1.2.9", names=[f"X{k}" for k in range(5)], PatientID="P2")
    refused = [finding for finding in check(tree) if finding.severity == "refuse"]
    assert [finding.code for finding in refused] == ["two-patients"]


def test_a_single_bad_series_is_refused_as_before(tmp_path):
    series(tmp_path / "s", 1, "T1", "1.2.1")
    (tmp_path / "s" / "IM0003").unlink()
    assert [one.severity for one in check(tmp_path / "s") if one.code != CODE] == ["refuse"]

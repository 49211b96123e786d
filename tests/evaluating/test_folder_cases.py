import csv
import io
import json
import re

import numpy as np
import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.results import to_csv, to_json, to_text
from medtrans.reading.volumes import write_volume
from tests.evaluating.scored_volumes import AFFINE, changed, ct, mask, mr, volume


@pytest.fixture
def folders(tmp_path):
    """Three good cases; masks for all."""
    for number in range(3):
        write_volume(ct(10.0 * number), tmp_path / "translated" / f"sub-{number}.nii.gz")
        write_volume(ct(), tmp_path / "target" / f"sub-{number}.nii.gz")
        write_volume(mask(), tmp_path / "mask" / f"sub-{number}.nii.gz")
    return tmp_path


def scored(folder, preset="synthrad2023", masked=True):
    return evaluate_files(folder / "translated", folder / "target", folder / "mask" if masked else None, preset)


def test_a_file_is_scored_against_a_file(folders):
    paths = (folders / name / "sub-1.nii.gz" for name in ("translated", "target", "mask"))
    found = evaluate_files(*paths, "synthrad2023")
    assert {score.metric.label for score in found.scores} == {"mae", "psnr", "ssim"}
    assert found.definition == definition("synthrad2023", "voxels above 0 of sub-1.nii.gz")
    assert not found.failed


def test_folders_are_matched_by_name_whatever_the_format(folders):
    (folders / "translated" / "sub-2.nii.gz").unlink()
    write_volume(ct(20), folders / "translated" / "sub-2.nii")
    found = scored(folders)
    assert [score.case for score in found.scores if score.metric.name == "mae"] == ["sub-0", "sub-1", "sub-2"]
    values = [score.value for score in found.scores if score.metric.name == "mae"]
    assert values == sorted(values)
    assert not found.failed


def test_no_mask_is_said_in_the_definition(folders):
    assert scored(folders, masked=False).definition.region == "none: whole volume"


def test_one_mask_file_serves_all_cases(folders):
    one = folders / "mask" / "sub-0.nii.gz"
    found = evaluate_files(folders / "translated", folders / "target", one, "synthrad2023")
    assert len(found.scores) == 9


def test_a_case_that_cannot_be_assessed_is_named_with_its_reason_and_the_rest_go_on(folders):
    write_volume(ct(), folders / "translated" / "alone.nii.gz")
    write_volume(ct(), folders / "target" / "untranslated.nii.gz")
    (folders / "mask" / "sub-0.nii.gz").unlink()
    moved = AFFINE.copy()
    moved[0, 3] = 5
    write_volume(volume(ct().voxels[0], moved), folders / "translated" / "sub-1.nii.gz", overwrite=True)
    found = scored(folders)
    assert {score.case for score in found.scores} == {"sub-2"}
    assert found.failed.keys() == {"alone", "untranslated", "sub-0", "sub-1"}
    assert str(folders / "target") in found.failed["alone"].what
    assert str(folders / "translated") in found.failed["untranslated"].what
    assert str(folders / "mask") in found.failed["sub-0"].what
    assert found.failed["sub-1"].what.startswith("target (RAS) and translated (RAS) differ by 5 mm")


def test_a_damaged_file_or_a_nan_costs_one_case(folders):
    (folders / "translated" / "sub-0.nii.gz").write_bytes(b"not an image")
    write_volume(changed(ct(), (7, 7, 7), np.nan), folders / "target" / "sub-1.nii.gz", overwrite=True)
    found = scored(folders)
    assert {score.case for score in found.scores} == {"sub-2"}
    assert found.failed.keys() == {"sub-0", "sub-1"}
    assert "nan" in found.failed["sub-1"].what


BAD = {
    "another shape": ("translated", Volume(ct().voxels[..., 1:], AFFINE), "target has 14 x 15 x 16 voxels"),
    "another place": ("translated", volume(ct().voxels[0], AFFINE + np.eye(4, k=3)), "differ by 1 mm"),
    "more channels": ("translated", Volume(np.repeat(ct().voxels, 2, 0), AFFINE), "target has 1 channels"),
    "an empty mask": ("mask", mask().like(0 * mask().voxels), "holds no voxel above 0"),
    "a mask elsewhere": ("mask", volume(mask().voxels[0], AFFINE + 9 * np.eye(4, k=3)), "mask .* differ by 9 mm"),
    "a mask of another shape": ("mask", Volume(mask().voxels[..., 1:], AFFINE), "mask has 14 x 15 x 15"),
    "nothing but nan": ("translated", ct().like(np.nan * ct().voxels), "nan or infinite in the mask"),
    "a target of nan": ("target", ct().like(np.nan * ct().voxels), "target has .* nan or infinite"),
    "a mask in the air": ("mask", mask().like(1 - mask().voxels), "the mask lies in air"),
    "a translation from 0 to 1": (
        "translated",
        ct().like(ct().voxels / 4095 + 0.25),
        "translated is declared as CT, but its values span .* no CT",
    ),
    "a translation without sign": (
        "translated",
        ct().like(ct().voxels + 1024),
        "translated is declared as CT, but its values are HU \\+ about 1024",
    ),
    "a target not in HU": ("target", ct().like(ct().voxels / 2000 + 1), "which is no CT in HU"),
}


@pytest.mark.parametrize(("role", "bad", "said"), BAD.values(), ids=BAD)
def test_a_bad_input_costs_its_own_case_and_is_named_in_one_sentence(folders, role, bad, said):
    write_volume(bad, folders / role / "sub-1.nii.gz", overwrite=True)
    found = scored(folders)
    assert {score.case for score in found.scores} == {"sub-0", "sub-2"}
    assert found.failed.keys() == {"sub-1"}
    assert re.search(said, found.failed["sub-1"].what)
    assert "\n" not in found.failed["sub-1"].sentence
    assert json.loads(to_json(found))["failed"] == {"sub-1": found.failed["sub-1"].to_dict()}
    assert "failed: 1 of 3 cases: sub-1" in to_text(found)
    row = [row for row in csv.DictReader(io.StringIO(to_csv(found).decode())) if row["case"] == "sub-1"]
    assert [(one["metric"], one["value"], one["note"]) for one in row] == [
        ("failed", "nan", found.failed["sub-1"].what)
    ]


@pytest.mark.parametrize("preset", ["mr-percentile", "dose"])
def test_an_image_in_another_unit_is_not_assessed_whatever_the_unit_is(preset, tmp_path):
    for name, scale in (("a", 1), ("b", 0.001), ("c", 100)):
        write_volume(mr(1, scale=scale), tmp_path / "made" / f"{name}.nii")
        write_volume(mr(), tmp_path / "real" / f"{name}.nii")
    found = evaluate_files(tmp_path / "made", tmp_path / "real", None, preset)
    assert {score.case for score in found.scores} == {"a"}
    assert found.failed.keys() == {"b", "c"}
    assert "different units: their 99.5th percentiles are" in found.failed["b"].what


def test_a_mask_that_no_dose_reaches_is_refused(tmp_path):
    write_volume(mr(), tmp_path / "dose.nii")
    write_volume(mask().like(1 - mask().voxels), tmp_path / "mask.nii")
    paths = [tmp_path / name for name in ("dose.nii", "dose.nii", "mask.nii")]
    assert "target has no dose in the mask" in evaluate_files(*paths, "dose").failed["dose"].what


def test_a_dose_is_scored_in_gray_and_a_ct_is_no_dose(tmp_path):
    for name, dose in (("made", mr(1, scale=0.05)), ("real", mr(scale=0.05)), ("ct", ct())):
        write_volume(dose, tmp_path / f"{name}.nii.gz")
    found = evaluate_files(tmp_path / "made.nii.gz", tmp_path / "real.nii.gz", None, "dose")
    assert [(score.metric.label, score.unit) for score in found.scores] == [("mae", "Gy"), ("gamma_index", "")]
    assert json.loads(to_json(found))["definition"]["value_range"] == [0, "inf"]
    refused = evaluate_files(tmp_path / "made.nii.gz", tmp_path / "ct.nii.gz", None, "dose").failed
    assert "which is no dose" in refused["made"].what


def test_wrong_use_is_refused_before_anything_is_read(folders):
    file = folders / "translated" / "sub-0.nii.gz"
    with pytest.raises(UsageError, match="give two files or two folders"):
        evaluate_files(file, folders / "target", None, "synthrad2023")
    with pytest.raises(UsageError, match="one mask file"):
        evaluate_files(file, folders / "target" / "sub-0.nii.gz", folders / "mask", "synthrad2023")
    with pytest.raises(UsageError, match="did you mean 'synthrad2025'"):
        scored(folders, preset="synthrad205")
    for paths in ((folders / "nowhere", file, None), (file, folders / "nowhere", None), (file, file, folders / "no")):
        with pytest.raises(InputRefused, match="does not exist; check the path"):
            evaluate_files(*paths, "synthrad2023")
    write_volume(ct(), folders / "other" / "p1.nii")
    with pytest.raises(UsageError, match=r"no volume has a partner of its name .*there are sub-0 and p1"):
        evaluate_files(folders / "translated", folders / "other", None, "synthrad2023")


def test_two_files_of_one_name_are_refused_and_not_chosen_between(folders):
    write_volume(ct(), folders / "translated" / "sub-1.nii")
    with pytest.raises(UsageError, match=r"sub-1.nii and sub-1.nii.gz have one name"):
        scored(folders)


def test_numbers_come_back_from_csv_bit_for_bit(folders):
    found = scored(folders)
    rows = csv.DictReader(io.StringIO(to_csv(found).decode()))
    assert [float(row["value"]) for row in rows] == [score.value for score in found.scores]


def test_mr_folders_are_scored_on_the_targets_scale(tmp_path):
    write_volume(mr(10), tmp_path / "translated.nii.gz")
    write_volume(mr(), tmp_path / "target.nii.gz")
    found = evaluate_files(tmp_path / "translated.nii.gz", tmp_path / "target.nii.gz", None, "mr-percentile")
    assert [score.metric.label for score in found.scores] == ["mae", "psnr", "ssim", "ms_ssim"]
    assert "99.5th percentile of the target" in found.definition.clauses[0].text


def test_the_subject_is_read_from_the_name_as_in_a_run(tmp_path):
    for name in ("sub-01_ses-1", "sub-01_ses-2", "sub-02_ses-1", "head"):
        write_volume(ct(10.0), tmp_path / "made" / f"{name}_CT.nii.gz")
        write_volume(ct(), tmp_path / "target" / f"{name}_CT.nii.gz")
    found = evaluate_files(tmp_path / "made", tmp_path / "target", None, "synthrad2023")
    assert {score.subject for score in found.scores} == {"sub-01", "sub-02", "head"}
    assert json.loads(to_json(found))["summary"]["mae"]["n"] == 3


def test_hashes_of_what_was_scored_are_kept(folders):
    first, second = (json.loads(to_json(scored(folders, masked=masked)))["cases"][0] for masked in (True, False))
    assert first["input_hashes"]["target"] != second["input_hashes"]["target"], "of the target in the mask"
    assert first["input_hashes"]["mask"] != second["input_hashes"]["mask"]


@pytest.mark.parametrize(
    ("preset", "kind", "source", "mae"),
    [
        ("synthrad2023", ct, ct(100.0), 80.0),
        ("mr-percentile", mr, mr(scale=3.0), 0.0),
        ("synthrad2023", ct, mr(), None),
        ("mr-percentile", mr, volume(np.ones((3, 4, 5))), None),
    ],
    ids=["CT", "MR, scaled", "an MR for a CT", "another grid"],
)
def test_the_copied_source_is_a_baseline(tmp_path, preset, kind, source, mae):
    for name, one in (("made", kind(20.0)), ("target", kind()), ("source", source)):
        write_volume(one, tmp_path / f"{name}.nii.gz")
    paths = tmp_path / "made.nii.gz", tmp_path / "target.nii.gz", None
    found = evaluate_files(*paths, preset, source=tmp_path / "source.nii.gz")
    values = [score.value for score in found.scores if (score.system, score.metric.label) == ("copied source", "mae")]
    assert values == ([] if mae is None else [pytest.approx(mae, rel=0.05, abs=1e-4)])
    assert not found.failed


def test_a_source_that_is_no_baseline_gives_a_finding(tmp_path):
    target = ct()
    for name, made in (("translated", ct(20.0)), ("target", target)):
        write_volume(made, tmp_path / f"{name}.nii.gz")
    elsewhere = Volume(target.voxels[:, 1:], target.affine)
    write_volume(elsewhere, tmp_path / "source.nii.gz")
    paths = tmp_path / "translated.nii.gz", tmp_path / "target.nii.gz", None
    found = evaluate_files(*paths, "synthrad2023", source=tmp_path / "source.nii.gz")
    assert [finding.code for finding in found.findings if finding.where == "translated"] == ["no-copied-source"]
    assert {score.system for score in found.scores} == {"translated"}

"""The command on files: tables, JSON and page; and what it says of bad input."""

import csv
import json
import shutil

import numpy as np
import pytest

from medtrans.auditing import lesion_audit
from medtrans.auditing.files import match_audited
from medtrans.cli import run_command
from medtrans.core.sealed_json import unseal
from medtrans.core.volume import Volume
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import read_volume, write_volume
from tests.auditing.lesion_volumes import AFFINE, LARGE, MIDDLE, balls, image, words, write_case
from tests.evaluating.segmentation.test_segmenter import save

OTHER = ((14, -14, 0), 9.0)
BOTH, NONE = balls(LARGE, MIDDLE), balls()


def run(*arguments):
    return run_command(list(map(str, arguments)))


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """One case that keeps its lesions, one that loses one, one that invents one, and a healthy one."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder, "a_kept", BOTH, BOTH)
    write_case(folder, "b_lost", BOTH, balls(LARGE))
    write_case(folder, "c_more", balls(LARGE), balls(LARGE, OTHER))
    write_case(folder, "d_healthy", NONE, NONE)
    return folder


@pytest.fixture(scope="module")
def audited(cases):
    assert run(*words(cases, cases / "out", "--modality", "MR")) == 0
    return cases / "out"


def test_tables_json_and_page_are_written(audited):
    assert {path.name for path in audited.iterdir()} == {"lesions.csv", "cases.csv", "audit.json", "audit.html"}
    rows = table(audited / "cases.csv")
    assert [row["verdict"] for row in rows] == ["not assessable", "fail", "fail", "not assessable"]
    assert rows[1]["reason"] == "missed: 8.0 mm at (12, 12, 0) mm"
    lesions = table(audited / "lesions.csv")
    assert [row["status"] for row in lesions] == ["found", "found", "found", "missed", "found", "invented"]
    assert {"size", "contrast_recovery", "diameter_mm", "volume_mm3", "x_mm"} <= set(lesions[0])


def test_the_json_is_sealed_and_is_the_proof_of_the_others(cases, audited):
    facts = unseal((audited / "audit.json").read_bytes())
    assert facts["outputs"] == {name: sha256(audited / name) for name in ("lesions.csv", "cases.csv", "audit.html")}
    assert set(facts["inputs"]["a_kept"]) == {"source", "translated", "target", "lesions"}
    assert [one["system"] for one in facts["controls"]] == [
        *("identity", "real against real", "copied source", "blurred target, 4 mm")
    ]
    assert facts["summary"]["lesions"] == 5


def test_controls_are_as_expected(audited):
    rows = {row["system"]: row for row in unseal((audited / "audit.json").read_bytes())["controls"]}
    identity, blurred = rows["identity"], rows["blurred target, 4 mm"]
    assert (identity["found"], identity["missed"], identity["invented"]) == (5, 0, 0)
    assert identity["contrast_recovery_median"] == 1
    assert blurred["found"] is None, "label maps have no reading of an image that is made here"
    assert blurred["difference_ratio_median"] < 0.8


def test_a_row_of_the_page_carries_the_place_of_its_lesion(audited):
    page = (audited / "audit.html").read_text()
    assert 'class="show-place" data-case="2" data-place="12.00,12.00,0.00"' in page
    assert page.index("b_lost</th><td") < page.index("a_kept</th><td", page.index("Each lesion"))
    assert "The verdict" not in page
    assert page.count('<article class="case"') == 4


def test_the_answer_as_json_is_one_document(cases, tmp_path, capsys):
    assert run(*words(cases, tmp_path / "out", "--json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdicts"][0]["outcome"] == "not assessable"
    assert len(document["cases"]) == 4


def test_files_instead_of_folders(cases, tmp_path, capsys):
    assert run(*words(cases, tmp_path / "out", name="b_lost.nii.gz")) == 0
    assert "missed: 8.0 mm" in capsys.readouterr().out


def test_existing_outputs_are_kept_and_inputs_never_replaced(cases, audited, capsys):
    assert run(*words(cases, audited)) == 2
    assert "--overwrite" in capsys.readouterr().err


def without(folder, copy, *changes):
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("out"))
    for change in changes:
        change(copy)
    return copy


def test_lesion_masks_that_are_the_detectors_own_reading_prove_nothing(cases, tmp_path, capsys):
    assert run(*words(cases, tmp_path / "out")) == 0
    out, err = capsys.readouterr()
    assert "give masks that others drew" in out
    assert "equal the detector's reading of the real images" in err


def test_no_lesions_at_all_is_said_with_what_would_be_enough(tmp_path, capsys):
    for name in "ab":
        write_case(tmp_path, name, NONE, NONE)
    assert run(*words(tmp_path, tmp_path / "out")) == 0
    out, err = capsys.readouterr()
    assert "none of 2 cases has a lesion" in err
    assert "give cases that have some" in err
    assert "there are no patients with lesions that could be assessed; 29 patients with lesions" in out


def test_cases_with_lesions_alone_are_said_with_what_is_missing(tmp_path, capsys):
    write_case(tmp_path, "a", BOTH, BOTH)
    assert run(*words(tmp_path, tmp_path / "out")) == 0
    out, err = capsys.readouterr()
    assert "1 of 1 cases has lesions" in err
    assert "29 patients without lesions with none invented would be enough" in out


def test_a_mask_on_another_grid_fails_its_case_and_the_others_go_on(cases, tmp_path, capsys):
    def move(copy):
        mask = read_volume(copy / "lesions" / "a_kept.nii.gz")
        shifted = mask.affine.copy()
        shifted[0, 3] += 7
        write_volume(Volume(mask.voxels, shifted), copy / "lesions" / "a_kept.nii.gz", overwrite=True)

    copy = without(cases, tmp_path / "moved", move)
    assert run(*words(copy, tmp_path / "out")) == 1
    err = capsys.readouterr().err
    assert "a_kept" in err
    assert "lies on another grid than the translation" in err
    assert "up to 7.00 mm apart" in err
    rows = table(tmp_path / "out" / "cases.csv")
    assert [row["case"] for row in rows] == ["b_lost", "c_more", "d_healthy", "a_kept"]
    assert rows[-1]["verdict"] == "not assessable"


def test_all_cases_refused_is_a_refusal_and_nothing_is_written(cases, tmp_path, capsys):
    def spoil(copy):
        for path in (copy / "lesions").iterdir():
            write_volume(Volume(np.zeros((1, 4, 4, 4), np.uint8), np.eye(4)), path, overwrite=True)

    copy = without(cases, tmp_path / "spoiled", spoil)
    assert run(*words(copy, tmp_path / "out")) == 3
    assert "and 3 more cases could not be assessed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_case_without_its_files_is_named(cases, tmp_path, capsys):
    copy = without(
        cases,
        tmp_path / "less",
        lambda copy: (copy / "lesions" / "d_healthy.nii.gz").unlink(),
        lambda copy: (copy / "labels" / "target" / "a_kept.nii.gz").unlink(),
    )
    assert run(*words(copy, tmp_path / "out")) == 1
    err = capsys.readouterr().err
    assert "d_healthy: there is no lesion mask of that name in lesions" in err
    assert "empty for a case without lesions" in err
    assert "a_kept: there is no label map of the target image" in err


def test_several_labels_are_not_added_up_unasked(cases, tmp_path, capsys):
    def relabel(copy):
        for path in (copy / "lesions").iterdir():
            mask = read_volume(path)
            parts = np.where(np.arange(mask.shape[0])[:, None, None] < 20, 1, 4) * mask.voxels
            write_volume(mask.like(parts.astype(np.uint8)), path, overwrite=True)

    copy = without(cases, tmp_path / "labelled", relabel)
    assert run(*words(copy, tmp_path / "out")) == 1
    assert "holds several labels (1, 4); name those of lesions by --lesion-label" in capsys.readouterr().err
    assert run(*words(copy, tmp_path / "both", "--lesion-label", 1, "--lesion-label", 4)) == 0
    assert unseal((tmp_path / "both" / "audit.json").read_bytes())["summary"]["lesions"] == 5


def test_a_detector_of_another_modality_is_refused(cases, tmp_path, capsys):
    model = save(tmp_path / "segmenter")
    more = ["--detector", model, "--detector-label", 3]
    assert run(*words(cases, tmp_path / "out", *more, "--modality", "CT")) == 4
    err = capsys.readouterr().err
    assert "reads MR, and the translations are CT; give a segmenter that was trained on CT" in err
    assert not (tmp_path / "out").exists()


def test_a_segmenter_of_several_labels_must_be_told_which_is_a_lesion(cases, tmp_path, capsys):
    model = save(tmp_path / "segmenter")
    assert run(*words(cases, tmp_path / "out", "--detector", model)) == 2
    assert "the segmenter has the labels 3, 7; name the lesion's" in capsys.readouterr().err


def test_a_segmenter_reads_every_image(cases, tmp_path, capsys):
    model = save(tmp_path / "segmenter")
    more = ["--detector", model, "--detector-label", 3, "--modality", "MR", "--source-modality", "MR"]
    assert run(*words(cases, tmp_path / "out", *more, "--device", "cpu", name="b_lost.nii.gz")) == 0
    facts = unseal((tmp_path / "out" / "audit.json").read_bytes())
    assert set(facts["summary"]["false_positives_per_case"]) == {"translated", "target", "source"}
    rows = {row["system"]: row for row in facts["controls"]}
    assert None not in [row[key] for row in rows.values() for key in ("found", "missed", "invented")]
    assert (rows["identity"]["missed"], rows["identity"]["invented"]) == (0, 0)


def test_what_is_no_detector_is_refused_as_a_model(cases, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for place in ("empty", "missing"):
        assert run(*words(cases, tmp_path / "out", "--detector", tmp_path / place)) == 4
        assert "neither a segmenter's model folder nor a folder of label maps" in capsys.readouterr().err


def test_only_translations_and_their_label_maps_are_not_assessable(cases, tmp_path, capsys):
    words_ = ["audit", "lesions", "--source", cases / "source", "--translated", cases / "translated"]
    words_ += ["--detector", cases / "labels" / "translated", "-o", tmp_path / "out"]
    assert run(*words_) == 0
    out = capsys.readouterr().out
    assert out.count("give --target or --lesions") == 4
    assert "pass" not in out.replace("Does", "")


def test_nan_in_an_image_fails_its_case(cases, tmp_path, capsys):
    def spoil(copy):
        volume = read_volume(copy / "translated" / "a_kept.nii.gz")
        voxels = volume.voxels.copy()
        voxels[0, 20, 20, 20] = np.nan
        write_volume(Volume(voxels, AFFINE), copy / "translated" / "a_kept.nii.gz", overwrite=True)

    copy = without(cases, tmp_path / "nan", spoil)
    assert run(*words(copy, tmp_path / "out")) == 1
    assert "nan or infinite" in capsys.readouterr().err


def test_names_that_do_not_match_are_wrong_use(cases, tmp_path, capsys):
    write_volume(image(NONE), tmp_path / "others" / "z.nii.gz")
    assert run(*words(cases, tmp_path / "out", "--lesions", tmp_path / "others")) == 2
    assert "no translation has a lesion mask of its name in" in capsys.readouterr().err


def test_a_deviation_is_no_translation(cases, tmp_path):
    copy = without(cases, tmp_path / "copy")
    write_volume(image(NONE), copy / "translated" / "a_kept_std.nii.gz")
    found, failed = match_audited(copy / "source", copy / "translated", None, None)
    assert set(found) == {"a_kept", "b_lost", "c_more", "d_healthy"}
    assert not failed


def test_the_definition_speaks_of_every_number():
    assert {"Lesion", "Found", "Missed", "Invented", "Contrast recovery", "FROC", "Bounds"} <= set(
        lesion_audit.DEFINITION
    )

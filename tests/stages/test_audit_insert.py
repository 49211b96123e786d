"""medtrans audit insert: a model that copies keeps what is inserted, one that blurs loses what is small."""

import json

import numpy as np
import pytest
from scipy import ndimage

from medtrans.auditing.insertion_audit import Design, HealthyCase, insert_lesions, remove_lesions
from medtrans.auditing.insertion_summary import cell_rows, half_rows, kept_verdict, lesions_of, read_verdict
from medtrans.cli import run_command
from medtrans.core.volume import Volume
from medtrans.degradations.blur import Blur
from medtrans.models.folder import save_model
from medtrans.reading.volumes import write_volume
from tests.translating.stand_ins import preparation_of, segmenter, tiny_regression

SIDE, SPACING = 48, 2.0
AFFINE = np.diag([SPACING, SPACING, SPACING, 1.0])


def head(seed, lesion=None):
    """A ball of tissue with noise."""
    rng = np.random.default_rng(seed)
    grid = np.indices((SIDE,) * 3) - SIDE / 2
    body = np.square(grid).sum(0) < (0.48 * SIDE) ** 2
    voxels = np.where(body, 300.0, -1000.0) + 10 * rng.standard_normal(body.shape)
    if lesion is not None:
        voxels = voxels + np.where(lesion, 100.0, 0)
    return Volume(voxels.astype(np.float32)[None], AFFINE), body


def observed(translate, cases=6, read=None):
    design, found = Design(diameters=(6.0, 16.0), contrasts=(2.0,)), []
    for seed in range(cases):
        source, body = head(seed)
        found += insert_lesions(HealthyCase(f"p{seed}", f"p{seed}", source, body), 4, design, translate, read)
    return found


def test_a_copy_keeps_every_lesion_that_the_source_shows():
    found = observed(lambda volume: volume)
    lesions, rows = lesions_of(found), cell_rows(found)
    assert {one.scores["source"] for one in lesions} == {one.scores["translated"] for one in lesions}
    assert {row["lesions"] for row in rows} == {24}
    large = next(row for row in rows if row["image"] == "translated" and row["diameter_mm"] == 16)
    assert large["low"] < large["d_prime"] < large["high"]
    assert large["detected"] == 24
    assert large["change"] == pytest.approx(20, rel=0.05)
    assert kept_verdict(lesions).outcome == "pass"


def test_a_model_that_erases_lesions_fails():
    erased = observed(lambda volume: volume.like(np.full_like(volume.voxels, 5.0) + head(99)[0].voxels), cases=6)
    lesions = lesions_of(erased)
    assert kept_verdict(lesions).outcome == "fail"
    half = {row["image"]: row["diameter_mm"] for row in half_rows(lesions)}
    assert half["source"] < 16
    assert half["translated"] == np.inf


def test_few_patients_allow_no_claim():
    assert kept_verdict(lesions_of(observed(lambda volume: volume, cases=5))).outcome == "not assessable"


def test_a_removed_lesion_that_stays_was_not_taken_from_the_source():
    grid = np.indices((SIDE,) * 3) - SIDE / 2
    lesion = np.square(grid).sum(0) < 4**2
    source, body = head(0, lesion)
    case = HealthyCase("p", "p", source, body, lesions=lesion)
    [copied] = remove_lesions(case, lambda volume: volume, 0)
    assert copied.source == pytest.approx(100, abs=5)
    assert abs(copied.persistence) < 0.1
    [invented] = remove_lesions(case, lambda _: source, 0)
    assert invented.persistence == 1


def bright(image, volume):
    """A detector of what is one noise brighter than the tissue, after smoothing."""
    return ndimage.gaussian_filter(volume.voxels[0], 1) > 310


def test_a_detector_reads_lesions_in_source_and_translation():
    lesions = lesions_of(observed(lambda volume: volume, read=bright))
    assert read_verdict(lesions).outcome == "pass"
    rows = {(row["image"], row["diameter_mm"]): row for row in cell_rows(observed(lambda volume: volume, read=bright))}
    large = rows["translated", 16]
    assert (large["read"], large["read_without"]) == (24, 0)
    assert {row["by"] for row in half_rows(lesions)} == {"observer", "detector"}
    assert all(one.to_dict()["read_source"] for one in lesions if one.diameter_mm == 16)


def test_a_detector_finds_that_a_model_erases_what_it_reads_in_the_source():
    def erase(volume):
        return volume.like(np.minimum(volume.voxels, 300))

    assert read_verdict(lesions_of(observed(erase, read=bright))).outcome == "fail"


def test_a_detector_of_translations_alone_has_no_ceiling():
    lesions = lesions_of(observed(lambda volume: volume, read=lambda *of: None if of[0] == "source" else bright(*of)))
    found = read_verdict(lesions)
    assert found.outcome == "not assessable"
    assert "--target" in found.reason


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("insert")
    preparation = preparation_of()
    save_model(place / "model", tiny_regression(preparation), preparation, {})
    for modality in ("CT", "MR"):
        segmenter(place / modality.lower(), modality)
    for seed in range(2):
        write_volume(head(seed)[0], place / "healthy" / f"p{seed}.nii.gz")
    return place


def words(folder, out, *more):
    return ["audit", "insert", "-i", folder / "healthy", "-m", folder / "model", "-o", out, "--device", "cpu", *more]


def test_command(folder, tmp_path, capsys):
    small = ["--diameter", 8, "--contrast", 4, "--count", 12]
    assert run_command([str(word) for word in words(folder, tmp_path / "out", *small)]) == 0
    assert "2 patients: intervals are over lesions" in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert len(document["lesions"]) == 12
    assert set(document["outputs"]) == {"inserted.csv", "detectability.csv", "audit.html"}
    assert (tmp_path / "out" / "inserted.csv").read_text().count("\n") == 13
    assert run_command([str(word) for word in words(folder, tmp_path / "out", *small)]) == 2


def test_command_with_a_detector(folder, tmp_path):
    small = ["--diameter", 8, "--contrast", 4, "--count", 12, "--detector", folder / "ct"]
    assert run_command([str(word) for word in words(folder, tmp_path / "out", *small)]) == 0
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert document["detector"].startswith("label maps by the segmenter")
    assert [one["code"] for one in document["verdicts"]] == ["inserted-kept", "inserted-read"]
    assert "read_translated" in document["lesions"][0]
    assert "Read by the detector" in (tmp_path / "out" / "audit.html").read_text()


@pytest.mark.parametrize(
    ("change", "code", "what"),
    [
        (lambda place: ["--place", place / "model"], 3, "no volume"),
        (lambda place: ["--target", place / "missing"], 3, "does not exist"),
        (lambda place: ["--target", place / "healthy" / "p0.nii.gz"], 2, "is one file"),
        (lambda place: ["--diameter", 90], 3, "--place"),
        (lambda place: ["--detector", place / "healthy"], 4, "label maps"),
        (lambda place: ["--detector", place / "model"], 4, "not labels"),
        (lambda place: ["--detector", place / "missing"], 4, "neither a segmenter"),
        (lambda place: ["--detector", place / "mr"], 4, "reads MR, and the translations are CT"),
        (lambda place: ["--detector-label", 1], 2, "has no --detector"),
    ],
)
def test_bad_input_is_one_sentence(folder, tmp_path, capsys, change, code, what):
    assert run_command([str(word) for word in words(folder, tmp_path / "out", *change(folder))]) == code
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_an_image_without_noise_has_no_contrast_in_noise(folder, tmp_path, capsys):
    smooth = Blur().apply(Volume(np.zeros((1, SIDE, SIDE, SIDE), np.float32), AFFINE), millimetres=2.0)
    write_volume(smooth, tmp_path / "flat.nii.gz")
    code = run_command([str(w) for w in [*words(folder, tmp_path / "out"), "-i", tmp_path / "flat.nii.gz"]])
    assert code == 3
    assert "no noise" in capsys.readouterr().err

"""The audit of a run: all that its recipe asks for on one page and in audit.json; what it cannot do is said early."""

import json
from dataclasses import replace

import numpy as np
import pytest

from medtrans.auditing.calibrated import settings_of
from medtrans.auditing.calibrating import calibrate
from medtrans.catalogue import find_recipe, setting_rows
from medtrans.core.errors import GridMismatch, ModelRefused, UsageError
from medtrans.core.sealed_json import unseal
from medtrans.models.calibration import write_calibration
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._planned_audit import planned_audit
from medtrans.stages.run import run
from medtrans.translating.translator import Translator
from tests.auditing.test_calibrating import patient
from tests.translating.stand_ins import segmenter

CHANGES = (
    "method.generator.channels=[4, 8]",
    "training.steps=2",
    "training.device=cpu",
    "reading.target={pattern: '*_CT.nii.gz', modality: CT}",
    "preparing.target_normalisation={name: linear}",
    "evaluating.preset=synthrad2023",
    "evaluating.report_cases=0",
)


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), [*CHANGES, *changes], quick=True)


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return segmenter(tmp_path_factory.mktemp("detector") / "ct", "CT")


def lesions(detector, masks="*_mask.nii.gz"):
    return f"auditing.lesions={{detector: {detector}, masks: '{masks}'}}"


def test_one_page_and_audit_json_hold_lesions_maps_and_output_checks(detector, tmp_path):
    result = run(recipe(lesions(detector)), tmp_path)
    folder = RunFolder(tmp_path)
    facts = unseal((folder.audit / "audit.json").read_bytes())
    case = next(folder.translations.glob("*.nii.gz")).name.removesuffix(".nii.gz")
    assert {row["map"] for row in facts["maps"]} == {"residual", "sfrc"}
    assert list(facts["output_checks"]) == [f"{case}.nii.gz"]
    assert facts["lesions"]["cases"][0]["case"] == case
    assert [one["code"] for one in facts["verdicts"]][-1] == "output-checks"
    assert "few-patients" in {one["code"] for one in facts["findings"]}
    assert set(facts["outputs"]) == {path.name for path in folder.audit.iterdir()} - {"audit.json"}
    assert facts["outputs"] == {name: sha256(folder.audit / name) for name in facts["outputs"]}
    page, report = folder.audit_page.read_text(), folder.report.read_text()
    assert all(f'id="{part}"' in page for part in ("lesions", "plausibility", "audit", "viewer"))
    assert "audit/audit.html" in report
    assert "Does the detector find lesions" in report
    assert f"audit:  {folder.audit_page}" in result.to_text()
    assert json.loads(json.dumps(result.to_dict()))["audit_verdicts"]
    residual = read_volume(folder.audit / f"{case}_residual.nii.gz")
    assert residual.shares_grid_with(read_volume(folder.translation(case)))


def test_a_model_without_an_uncertainty_is_told_what_would_be_enough(tmp_path):
    result = run(recipe("auditing={maps: false, output_checks: false}"), tmp_path)
    [verdict] = result.audited
    assert (verdict.code, verdict.outcome) == ("uncertainty-calibrated", "not assessable")
    assert "method.quantiles" in verdict.reason
    assert "25 patients" in verdict.reason


def test_the_page_shows_the_calibration_of_the_model_folder(tmp_path):
    settings = recipe(
        "auditing={maps: false}", "translating.uncertainty=true", "method.quantiles=[0.05, 0.95]",
        "method.name=regression", "method.generator={name: unet, channels: [4, 8]}",
    )  # fmt: skip
    assert "is not calibrated" in run(settings, tmp_path).audited[0].reason
    folder, own = RunFolder(tmp_path), Translator.load(RunFolder(tmp_path).model, settings=settings.translating.scored)
    known = calibrate(
        [patient(seed) for seed in range(26)], [own.identity.sha256], settings_of(own.settings), "CT", "HU", 5.0
    )
    write_calibration(folder.model, known)
    assert run(settings, tmp_path).audited[0].outcome in ("fail", "not assessable")
    facts = unseal((folder.audit / "audit.json").read_bytes())["uncertainty"]
    assert facts["calibration"]["patients"] == 26
    assert len(facts["cases"]) == 1
    assert "Coverage held out" in folder.audit_page.read_text()
    write_calibration(folder.model, replace(known, models=("another",)))
    assert "other hashes" in run(settings, tmp_path).audited[0].reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("auditing.lesions.masks='*_mask.nii.gz'", "lesions.detector: is missing"),
        ("auditing.wrong_above=-1", "auditing.wrong_above"),
        ("auditing={maps: true, lessions: {}}", "did you mean 'lesions'"),
        ("auditing={lesions: {detector: x, masks: mask.nii.gz}}", "holds no *"),
    ],
)
def test_what_an_audit_cannot_do_is_said_when_the_recipe_is_read(change, words):
    with pytest.raises(UsageError) as raised:
        recipe(change)
    assert words in str(raised.value)


def test_without_the_key_nothing_is_audited_and_an_empty_table_audits():
    assert planned_audit(recipe()) is None
    assert "auditing" not in recipe().to_dict()
    assert planned_audit(recipe("auditing={}")).detector is None
    assert recipe("auditing={}").to_dict()["auditing"]["maps"] is True
    assert "auditing.lesions.detector" in [row.key for row in setting_rows("auditing")]


def test_a_method_that_translates_nothing_and_label_maps_are_refused():
    for change in ("method={name: vae}", "reading.target.modality=labels"):
        with pytest.raises(UsageError):
            recipe("auditing={}", change)


def test_a_detector_of_another_modality_is_refused_before_anything_is_trained(tmp_path):
    mr = segmenter(tmp_path / "mr", "MR")
    with pytest.raises(ModelRefused) as raised:
        run(recipe(lesions(mr)), tmp_path / "run")
    assert "reads MR, and the translations are CT" in str(raised.value)
    assert not (tmp_path / "run" / "model").exists()


def test_masks_that_are_missing_elsewhere_or_empty_are_named_first(detector, tmp_path):
    with pytest.raises(UsageError, match="finds no mask of the test case"):
        planned_audit(recipe(lesions(detector, "*_tumour.nii.gz")))
    [case] = [one for one in recipe().cases() if one.split == "test"]
    source, own = read_volume(case.sources[0]), replace(case, name="p")
    root = f"reading.root={tmp_path}"
    for role in ("T1", "CT", "mask"):
        for name in "abcp":
            write_volume(source, tmp_path / f"{name}_{role}.nii.gz")
    empty = source.like(np.zeros_like(source.voxels, np.uint8))
    write_volume(empty, tmp_path / "p_none.nii.gz")
    planned = planned_audit(recipe(lesions(detector, "*_none.nii.gz"), root), [own])
    assert "no-lesions" in {finding.code for finding in planned.findings}
    write_volume(replace(empty, voxels=empty.voxels[:, 2:]), tmp_path / "p_other.nii.gz")
    with pytest.raises(GridMismatch, match="lies on another grid than the source of p"):
        planned_audit(recipe(lesions(detector, "*_other.nii.gz"), root), [own])

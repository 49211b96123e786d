import json
import shutil

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import UsageError
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.compare import compare
from medtrans.stages.run import run
from medtrans.training.journal import read_journal

SMALL = ["method.generator.channels=[4, 8]", "training.steps=3", "training.device=cpu"]


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), [*SMALL, *changes], quick=True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run, with another primary metric than the default, and its folder."""
    folder = tmp_path_factory.mktemp("runs") / "one"
    return run(recipe("evaluating.primary=[psnr]"), folder), folder


def test_a_translation_is_in_the_unit_of_the_training_targets(finished):
    result, folder = finished
    assert not result.failed
    assert result.scores["training mean"]["mae"] < 0.5
    (path,) = RunFolder(folder).translations.glob("*.nii.gz")
    assert read_volume(path).voxels.dtype.kind == "f"


def test_a_second_run_says_what_existed_and_the_card_has_the_validation_scores_and_the_optimiser(tmp_path):
    first, second = run(recipe(), tmp_path), run(recipe(), tmp_path)
    assert not first.resumed
    assert "resumed: training was at step 3; 1 of 1 translations were there" in second.to_text()
    mae = read_journal(RunFolder(tmp_path).journal)[-1]["validation/mae"]
    card = (RunFolder(tmp_path).model / "MODEL_CARD.md").read_text()
    assert f"- mae: {mae:.4g}" in card
    assert "- optimiser: optimizer adam, learning_rate 0.001, betas 0.9, 0.999, weight_decay 0" in card


def test_the_label_of_the_masks_is_used_from_the_training_to_the_scores(tmp_path):
    cases = tmp_path / "cases"
    shutil.copytree(find_recipe("t1_to_t2").parents[2] / "sample_data", cases)
    for path in cases.glob("*_mask.nii.gz"):
        mask = read_volume(path)
        write_volume(mask.like(np.where(mask.voxels > 0, 5, 1).astype(np.uint8)), path, overwrite=True)
        assert len(np.unique(read_volume(path).voxels)) == 2, "every voxel is above 0"
    result = run(recipe(f"reading.root={cases}", "reading.mask_label=5"), tmp_path / "run")
    assert not result.failed
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert scores["definition"]["region"] == "voxels equal to 5 of each case's mask file"
    (path,) = RunFolder(tmp_path / "run").translations.glob("*.nii.gz")
    mask = read_volume(cases / path.name.replace(".nii.gz", "_mask.nii.gz")).voxels
    body = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())["body"]
    assert (body["origin"], body["mask"]["label"]) == ("mask", 5)
    assert not read_volume(path).voxels[mask != 5].any()
    assert read_volume(path).voxels[mask == 5].any()


def test_an_untrained_model_is_called_worse_than_a_baseline_first_and_everywhere(finished):
    result, folder = finished
    assert result.scores["intensity lookup"]["mae"] < result.scores["translated"]["mae"]
    failed = [verdict for verdict in result.verdicts if verdict.outcome == "fail"]
    assert any("Better than every baseline on MAE" in verdict.question for verdict in failed)
    assert "FAIL: Better than every baseline on MAE" in result.to_text()
    assert {"fail"} <= {verdict["outcome"] for verdict in result.to_dict()["verdicts"]}
    saved = json.loads((folder / "scores.json").read_text())
    assert [one["question"] for one in saved["verdicts"]] == [verdict.question for verdict in result.verdicts]
    page = (folder / "report.html").read_text()
    assert 0 < page.index('class="card bad"') < page.index('id="scores"')
    assert result.convergence.outcome != "pass"


def test_a_primary_metric_that_is_not_measured_is_refused_before_the_training(tmp_path):
    with pytest.raises(UsageError, match=r"evaluating\.primary: 'maee' is no metric"):
        run(recipe("evaluating.primary=[maee]"), tmp_path)
    assert not RunFolder(tmp_path).model.exists()


def test_the_primary_metrics_of_the_recipe_are_those_of_a_comparison(finished):
    _, folder = finished
    shutil.copytree(folder, folder.with_name("other"))
    assert compare([folder, folder.with_name("other")]).comparison.primary == ("psnr",)

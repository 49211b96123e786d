"""Folds that are trained are scored: their mean on the test subjects, each on the subjects that it validated with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.cli import run_command
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation
from medtrans.stages.folds import score_folds

CHANGES = [
    "method.generator.channels=[4, 8]",
    "training.steps=2",
    "training.device=cpu",
    "evaluating.report_cases=1",
    "reading.folds=2",
]


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    """The folder of two folds, and what the last command printed as JSON."""
    folder, capture = tmp_path_factory.mktemp("runs"), pytest.MonkeyPatch()
    printed = []
    capture.setattr("builtins.print", lambda *text, **_: printed.append(" ".join(map(str, text))))
    options = [word for change in CHANGES for word in ("--set", change)]
    for fold in ("0", "1"):
        run = ["run", "t1_to_t2", "--quick", "--fold", fold, "-o", str(folder / f"fold_{fold}"), *options]
        assert run_command([*run, "--threads", "1", "--json"]) == 0
    capture.undo()
    return folder, [json.loads(text) for text in printed if text.startswith("{")]


@pytest.mark.slow
def test_the_last_fold_scores_the_mean_and_every_fold_out_of_fold(folds):
    folder, (first, last) = folds
    assert "folds" not in first
    assert set(last["folds"]) == {"mean", "out_of_fold"}
    mean, out_of_fold = (read_evaluation(RunFolder(folder / name)) for name in ("mean", "out_of_fold"))
    tested = {score.case for score in read_evaluation(RunFolder(folder / "fold_0")).scores}
    assert {score.case for score in mean.scores} == tested
    assert {score.case for score in out_of_fold.scores} == {f"sub-0{n}" for n in range(6)} - tested
    assert all((folder / name / "report.html").is_file() for name in ("mean", "out_of_fold"))
    (case,) = tested

    sidecar = read_sidecar(sidecar_path(RunFolder(folder / "mean").translation(case)))
    assert len(sidecar["model"]["mean_of"]) == 2


@pytest.mark.slow
def test_folds_of_other_settings_have_no_mean(folds):
    folder, _ = folds
    recipe = load_recipe(find_recipe("t1_to_t2"), CHANGES, quick=True)
    assert score_folds(replace(recipe, training=replace(recipe.training, steps=3)), folder) is None
    assert np.isfinite(score_folds(recipe, folder).to_dict()["mean"]["scores"]["translated"]["mae"]), "taken up"

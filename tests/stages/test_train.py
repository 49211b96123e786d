import os
import subprocess
import sys

import pytest
import yaml
from safetensors.torch import load_file

from medtrans.catalogue import find_recipe
from medtrans.core.errors import EnvironmentRefused, InputRefused, ModelRefused, UsageError
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_lock import run_lock
from medtrans.stages.train import train
from medtrans.training.checkpoint import load_checkpoint, save_checkpoint
from medtrans.training.journal import read_journal

SMALL = ["method.generator.channels=[4, 8]", "training.steps=3", "training.device=cpu"]


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), [*SMALL, *changes], quick=True)


def test_a_folder_of_another_run_is_refused(tmp_path):
    train(recipe(), tmp_path)
    with pytest.raises(UsageError, match=r"another recipe: training[.]seed;"):
        train(recipe("training.seed=5"), tmp_path)


def test_a_run_of_a_version_with_fewer_settings_is_taken_up(tmp_path):
    run = RunFolder(tmp_path)
    train(recipe(), tmp_path)
    old = yaml.safe_load(run.recipe.read_text())
    del old["translating"]["reclassified"], old["training"]["lesion_weight"]
    run.recipe.write_text(yaml.safe_dump(old | {"about": "In other words."}))
    state = load_checkpoint(run.checkpoint)
    del state["settings"]["lesion_weight"]
    save_checkpoint(run.checkpoint, state)
    train(recipe(), tmp_path)
    with pytest.raises(UsageError, match=r"another recipe: translating[.]reclassified;"):
        train(recipe("translating.reclassified=[1, 2]"), tmp_path)


def test_conditions_that_a_method_does_not_use_are_refused(tmp_path):
    with pytest.raises(UsageError, match="reggan does not use them"):
        train(recipe("method={name: reggan}", "preparing.conditions=[months]"), tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["training.balance=tumour"], "training.balance: names a column, but there is no reading.table"),
        (["training.lesion_weight=5"], "no training case has a mask of lesions"),
        (["training.lesion_weight=5", "method={name: cut}", "preparing.slices=1"], "has no effect on the method cut"),
    ],
)
def test_what_would_have_no_effect_is_refused(tmp_path, changes, words):
    small = [] if "cut" in words else SMALL[:1]
    with pytest.raises(UsageError, match=words):
        train(load_recipe(find_recipe("t1_to_t2"), [*small, *changes], quick=True), tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_missing_segmenter_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(ModelRefused, match="is not a model folder"):
        train(recipe("evaluating.segmentation.model=gone"), tmp_path / "run")
    assert not (tmp_path / "run" / "recipe.yaml").exists()


def test_no_training_case_is_refused(tmp_path):
    everyone = "reading.test_subjects=[sub-00, sub-01, sub-02, sub-03, sub-04, sub-05]"
    linear = "preparing.source_normalisation={name: linear, low: 0, high: 1000}"
    unfitted = "preparing.target_normalisation={name: linear, low: 0, high: 1000}"
    with pytest.raises(UsageError, match="no training case"):
        train(recipe(everyone, "training.batch=2", linear, unfitted), tmp_path)


def test_a_further_metric_may_select_the_model(tmp_path):
    metrics = "evaluating.metrics=[ncc, {name: nmi, bins: 32}]"
    train(recipe("training.monitor=nmi[bins=32]", metrics), tmp_path)
    (row,) = [row for row in read_journal(RunFolder(tmp_path).journal) if "validation/mae" in row]
    assert row["validation/nmi[bins=32]"] > 0
    assert "validation/ncc" not in row
    assert (RunFolder(tmp_path).model / "model.safetensors").is_file()


def test_a_broken_case_stops_the_run_before_it_trains(tmp_path):
    for path in recipe().reading.root.glob("*.nii.gz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "sub-03_T2.nii.gz").write_bytes(b"broken")
    with pytest.raises(InputRefused, match="sub-03_T2"):
        train(recipe(f"reading.root={tmp_path}"), tmp_path / "run")
    assert not RunFolder(tmp_path / "run").checkpoint.parent.exists()


def test_two_trainings_in_one_folder_are_one_and_a_refusal(tmp_path):
    run = RunFolder(tmp_path / "run")
    with (
        run_lock(run),
        pytest.raises(EnvironmentRefused, match=r"a run that is still working \(process \d+ on") as refused,
    ):
        train(recipe(), run.path)
    assert refused.value.where == str(run.path)
    assert not run.recipe.exists()
    train(recipe(), run.path)


def test_torchrun_trains_the_same_model_and_prints_once(tmp_path):
    """By the channel norm: batch norm takes the mean of each process's own items."""
    changes = [*SMALL, "method.generator.norm=channel"]
    words = ["train", "t1_to_t2", "--quick", "-o", str(tmp_path / "two")]
    for change in changes:
        words += ["--set", change]
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "medtrans", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("model: ") == 1
    one = load_file(train(recipe(changes[-1]), tmp_path / "one").model / "model.safetensors")
    two = load_file(tmp_path / "two" / "model" / "model.safetensors")
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 5e-3

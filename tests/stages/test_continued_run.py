"""A finished run is continued, a model fine-tuned, a method named by a word, folds trained and averaged."""

import json
import shutil

import pytest
import torch

from medtrans.catalogue import find_recipe
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.models.folder import load_model
from medtrans.models.zoo import model_folders
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.train import train
from medtrans.training.checkpoint import load_checkpoint
from medtrans.training.journal import read_journal

TINY = [
    "method.generator.channels=[4, 4]",
    "preparing.patch=[16, 16]",
    "preparing.slices=1",
    "training.device=cpu",
    "training.batch=2",
    "training.schedule=constant",
    "training.warm_up=0",
]


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), [*TINY, *changes], quick=True)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A run of two steps."""
    folder = tmp_path_factory.mktemp("runs") / "short"
    train(recipe("training.steps=2"), folder)
    return folder


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "run")


def test_a_continued_run_ends_as_one_that_was_longer_from_the_start(short, tmp_path):
    folder = copied(short, tmp_path)
    train(recipe("training.steps=4"), folder, longer=True)
    train(recipe("training.steps=4"), tmp_path / "long")
    one, other = (load_checkpoint(RunFolder(path).checkpoint) for path in (folder, tmp_path / "long"))
    assert one["step"] == other["step"] == 4
    assert all(torch.equal(value, other["method"][name]) for name, value in one["method"].items())
    assert "steps: 4" in RunFolder(folder).recipe.read_text()
    assert [row["step"] for row in read_journal(RunFolder(folder).journal)] == [1, 2, 3, 4]
    train(recipe("training.steps=4"), folder)  # and resumes as any other run


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["training.steps=2"], "needs a longer training than the 2 steps.*--set training.steps=4"),
        (["training.steps=1"], "needs a longer training"),
        (["training.steps=4", "training.seed=3"], "another training.seed.*training.start_from"),
    ],
)
def test_only_a_longer_training_continues(short, tmp_path, changes, message):
    folder = copied(short, tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=message):
        train(recipe(*changes), folder, longer=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_nothing_is_continued_where_nothing_is(tmp_path):
    with pytest.raises(UsageError, match="holds no training"):
        train(recipe("training.steps=4"), tmp_path / "run", longer=True)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_model_is_fine_tuned_and_a_changed_key_named(short, tmp_path):
    start = f"training.start_from={RunFolder(short).model}"
    rate = "training.learning_rate=1e-12"
    trained = train(recipe(start, rate, "training.steps=1", "training.ema_decay=0"), tmp_path / "same")
    (note,) = trained.left_out
    assert (note.code, note.severity) == ("fine-tuning", "note")
    before, after = (load_model(RunFolder(path).model)[0].state_dict() for path in (short, tmp_path / "same"))
    assert all(
        torch.allclose(before[name].float(), after[name].float(), atol=1e-6)
        for name in before
        if name.endswith("weight")
    )
    changed = recipe(start, "method.generator.channels=[4, 6]", "training.steps=1", "preparing.body_mask=none")
    first, key = train(changed, tmp_path / "wider").left_out
    assert first.severity == "warn"
    assert "new weights: " in first.what
    assert "preparing.body_mask otsu, and here it is none" in key.what
    with pytest.raises(ModelRefused, match="has no layer"):
        train(recipe(start, "method.generator={name: resnet, filters: 4, blocks: 1}"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_method_and_a_part_are_named_by_a_word():
    assert load_recipe(find_recipe("t1_to_t2"), ["method=cyclegan"]).method == "cyclegan"
    changed = load_recipe(find_recipe("mri_to_ct"), ["preparing.source_normalisation=zscore", "method.generator=unet"])
    assert changed.preparing.source_normalisation.name == "zscore"
    assert changed.method_settings.generator.name == "unet"


def test_quick_is_for_any_recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "method: regression\ntraining: {steps: 9000, minutes: 60}\n"
        "reading: {source: {pattern: '*_T1.nii.gz', modality: MR}, target: {pattern: '*_CT.nii.gz', modality: CT}}\n"
    )
    training = load_recipe(path, quick=True).training
    assert (training.steps, training.minutes, training.batch) == (4, None, 2)
    assert load_recipe(path).training.steps == 9000


def test_the_models_of_folds_are_members_of_one(short, tmp_path):
    for fold in range(3):
        run = RunFolder(tmp_path / f"fold_{fold}")
        run.model.mkdir(parents=True)
        (run.model / "config.json").write_text(json.dumps({}))
    assert model_folders([tmp_path]) == [tmp_path / f"fold_{fold}" / "model" for fold in range(3)]
    assert model_folders([RunFolder(short).model]) == [RunFolder(short).model]

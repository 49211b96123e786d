"""`medtrans check RECIPE` finds what would stop a run: one sentence, and the exit code of its kind."""

import time

import pytest

from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from tests.cli.verbs import make_inputs, run, write_recipe

WRONG_USE, INPUT, MODEL = (kind.exit_code for kind in (UsageError, InputRefused, ModelRefused))
LATENT = "method={name: latent_diffusion, autoencoder: gone}"
MISTAKES = [
    ("training.steps=true", WRONG_USE, "give a number"),
    ("training.device=tpu", WRONG_USE, "is not a device"),
    ("training.betas=[2, 2]", WRONG_USE, "training.betas"),
    ("name=../elsewhere", WRONG_USE, "is no name"),
    ("reading.mask=''", WRONG_USE, "reading.mask: is an empty pattern"),
    ("reading.source.pattern=''", WRONG_USE, "has an empty pattern"),
    ("reading.table=test.csv", WRONG_USE, "no training case is left"),
    ("reading.table=gone.csv", INPUT, "gone.csv"),
    ("reading.root=gone", INPUT, "does not exist"),
    ("evaluating.segmentation.model=gone", MODEL, "is not a model folder"),
    ("evaluating.segmentation.labels={bone: 1}", WRONG_USE, "has no segmenter"),
    ("evaluating.segmentation.labels={bone: true}", WRONG_USE, "bone is True; give whole numbers from 1"),
    ("evaluating.segmentation.labels={bone: [1, x]}", WRONG_USE, "bone is [1, 'x']; give whole numbers"),
    ("evaluating.segmentation.labels={bone: null}", WRONG_USE, "bone is None; give whole numbers"),
    ("evaluating.segmentation.labels=[1, 2]", WRONG_USE, "is no table of labels"),
    (LATENT, MODEL, "is not a model folder"),
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = make_inputs(tmp_path_factory.mktemp("inputs"))
    write_recipe(folder, "a.nii.gz")
    (folder / "test.csv").write_text("subject,source,target,split\np,a.nii.gz,a.nii.gz,test\n")
    return folder


@pytest.fixture
def within(inputs, monkeypatch):
    monkeypatch.chdir(inputs)
    return inputs


def test_a_sound_recipe_passes(within, capfd):
    code, out, err = run(["check", "recipe.yaml"], capfd)
    assert (code, "error" in err, "no problems found" in out) == (0, False, True), out
    assert "1 train, 0 validation, 0 test; 1 subjects" in out
    assert not (within / "runs").exists()


@pytest.mark.parametrize(("change", "code", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence_in_under_a_second(within, change, code, sentence, capfd):
    words = ["check", "recipe.yaml", "--set", change]
    seconds = []
    for _ in range(3):  # the first one imports
        began = time.process_time()
        found, out, err = run(words, capfd)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 1
    assert (found, out, len(err.splitlines())) == (code, "", 1), err
    assert sentence in err


def test_subjects_that_are_all_held_out_leave_no_training_case(within, capfd):
    (within / "two.csv").write_text("subject,source,target\np,a.nii.gz,a.nii.gz\nq,set/b.nii.gz,set/b.nii.gz\n")
    words = ["check", "recipe.yaml", "--set", "reading.table=two.csv", "--set", "reading.test_subjects=[p, q]"]
    code, _, err = run(words, capfd)
    assert code == WRONG_USE
    assert "no training case is left" in err

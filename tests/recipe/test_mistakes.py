"""All mistakes of a recipe in one answer, each with its place and, where a word is near, with that word."""

import json

import pytest

from medtrans.cli import run_command
from medtrans.core.mistakes import SeveralMistakes
from medtrans.recipe import load_recipe

WRONG = """name: x
steps: 100
reading:
  source: {pattern: "*_T1.nii.gz", modality: MRR}
  target: {pattern: "*_CT.nii.gz", modality: CT}
  patch: [3, 3]
preparing: {slices: many, spatial_dim: 2, target_normalisation: {name: linear, lo: 3}, augmentation: [{name: flipp}]}
training: {schedule: cosin, batch: 0, stps: 3, averaging: 3}
method: {name: regression, generator: {name: unet, chanels: [3], norm: bach}}
evaluating: {regon: mask}
"""
ANSWERS = {
    "recipe.yaml: no stage named 'steps'": "did you mean training.steps?",
    "recipe.yaml: reading: no setting named 'patch'": "did you mean preparing.patch?",
    "recipe.yaml: reading.source.modality: invalid value 'MRR'": "did you mean 'MR'?",
    "recipe.yaml: preparing.slices: invalid value 'many'": "give a whole number",
    "recipe.yaml: preparing: no setting named 'spatial_dim'": "did you mean 'spatial_dims'?",
    "recipe.yaml: preparing.target_normalisation: no setting named 'lo'": "did you mean 'low'?",
    "recipe.yaml: preparing.augmentation[0].name: nothing is named 'flipp'": "did you mean 'flip'?",
    "recipe.yaml: training.schedule: invalid value 'cosin'": "did you mean 'cosine'?",
    "recipe.yaml: training.batch: invalid value 0": "it must be greater than or equal to 1",
    "recipe.yaml: training: no setting named 'stps'": "did you mean 'steps'?",
    "recipe.yaml: training.averaging: is the old name of a key": "write ema_decay",
    "recipe.yaml: method.generator: no setting named 'chanels'": "did you mean 'channels'?",
    "recipe.yaml: method.generator.norm: invalid value 'bach'": "did you mean 'batch'?",
    "recipe.yaml: evaluating: no setting named 'regon'": "did you mean 'region'?",
}


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(WRONG)
    return path


def test_all_mistakes_are_in_one_answer(wrong):
    with pytest.raises(SeveralMistakes) as caught:
        load_recipe(wrong, ["training.log_every=none"])
    found = {f"{one.where}: {one.what}": one.advice for one in caught.value.mistakes}
    expected = {**ANSWERS, "recipe.yaml: training.log_every: invalid value 'none'": "give a whole number"}
    assert found.keys() == expected.keys()
    for key, advice in expected.items():
        assert found[key].startswith(advice), key


def test_mistakes_that_only_show_together_are_in_one_answer_too(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "method: {name: regression}\nreading: {source: {pattern: '*', modality: MR}}\n"
        "training: {monitor: nothing, device: tpu}\n"
    )
    with pytest.raises(SeveralMistakes) as caught:
        load_recipe(path)
    assert {one.where for one in caught.value.mistakes} == {
        "recipe.yaml: reading.target",
        "device tpu",
        "training.monitor",
    }


def test_the_terminal_has_a_line_for_each_and_the_json_a_list(wrong, capsys):
    assert run_command(["check", str(wrong), "--json"]) == 2
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == len(ANSWERS)
    assert all(line.startswith("medtrans: error: recipe.yaml: ") for line in err.splitlines())
    assert len(json.loads(out)["error"]["mistakes"]) == len(ANSWERS)

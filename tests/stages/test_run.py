from medtrans.catalogue import find_recipe
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.run import run
from medtrans.training.journal import read_journal

SMALL = ["method.generator.channels=[4, 8]", "training.steps=3", "training.device=cpu"]


def recipe(*changes):
    return load_recipe(find_recipe("t1_to_t2"), [*SMALL, *changes], quick=True)


def test_a_translation_is_in_the_unit_of_the_training_targets(tmp_path):
    result = run(recipe(), tmp_path)
    assert not result.failed
    assert result.scores["training mean"]["mae"] < 0.5
    (path,) = RunFolder(tmp_path).translations.glob("*.nii.gz")
    assert read_volume(path).voxels.dtype.kind == "f"


def test_a_second_run_says_what_existed_and_the_card_has_the_validation_scores(tmp_path):
    first, second = run(recipe(), tmp_path), run(recipe(), tmp_path)
    assert not first.resumed
    assert "resumed: training was at step 3; 1 of 1 translations were there" in second.to_text()
    mae = read_journal(RunFolder(tmp_path).journal)[-1]["validation/mae"]
    assert f"- mae: {mae:.4g}" in (RunFolder(tmp_path).model / "MODEL_CARD.md").read_text()

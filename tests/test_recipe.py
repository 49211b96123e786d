import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.core.errors import UsageError
from medtrans.methods.pix2pix import Pix2PixSettings
from medtrans.recipe import load_recipe, make_recipe, schema

MINIMAL = "method: {name: regression}\n"


def written(folder, text):
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def test_a_recipe_needs_no_more_than_a_method(tmp_path):
    recipe = load_recipe(written(tmp_path, MINIMAL))
    assert recipe.method == "regression"
    assert recipe.reading.root == tmp_path


def test_the_resolved_recipe_reads_back_as_itself(tmp_path):
    source = pipelines_folder() / "t1_to_t2" / "recipe.yaml"
    recipe = load_recipe(source)
    again = load_recipe(written(tmp_path, recipe.to_yaml()))
    assert again.to_dict() == recipe.to_dict()


def test_places_are_meant_from_the_recipe_but_from_here_when_they_are_typed(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    written(tmp_path / "there", MINIMAL + "reading: {root: heads, table: people.csv}\n")
    monkeypatch.chdir(tmp_path)
    asked = load_recipe("there/recipe.yaml").reading
    assert (asked.root, asked.table) == (tmp_path / "there/heads", tmp_path / "there/people.csv")
    changed = load_recipe("there/recipe.yaml", ["reading.root=mine"])
    assert (changed.reading.root, changed.reading.table) == (tmp_path / "mine", tmp_path / "there/people.csv")
    again = load_recipe(written(tmp_path, changed.to_yaml()))
    assert again.to_dict() == changed.to_dict()


def test_a_method_alone_brings_its_own_settings():
    recipe = make_recipe({"method": {"name": "pix2pix", "l1": 10}})
    assert recipe.method_settings == Pix2PixSettings(l1=10)


def test_changes_are_laid_over_table_by_table(tmp_path):
    path = written(tmp_path, "method: {name: regression}\ntraining: {steps: 7, batch: 3}\n")
    recipe = load_recipe(path, ["training.steps=9", "preparing.patch=[32, 32]"])
    assert (recipe.training.steps, recipe.training.batch) == (9, 3)
    assert recipe.preparing.patch == (32, 32)


def test_another_name_replaces_the_whole_table(tmp_path):
    path = written(tmp_path, "method: {name: regression, generator: {name: unet, channels: [8, 8]}}\n")
    recipe = load_recipe(path, ["method.generator={name: resnet, filters: 8}"])
    assert recipe.method_settings.generator.filters == 8


def test_quick_is_applied_only_when_asked(tmp_path):
    path = written(tmp_path, MINIMAL + "quick: {training: {steps: 2}}\n")
    assert load_recipe(path).training.steps == 20000
    assert load_recipe(path, quick=True).training.steps == 2


def test_a_pattern_given_on_the_command_line_needs_no_quotes_that_a_shell_takes_off(tmp_path):
    recipe = load_recipe(written(tmp_path, MINIMAL), ["reading.target=*_FLAIR.nii.gz"])
    assert recipe.reading.target == "*_FLAIR.nii.gz"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("method: {name: regresion}", "did you mean 'regression'"),
        ("method: {}", "method.name is missing"),
        (MINIMAL + "trainin: {steps: 3}", "did you mean 'training'"),
        (MINIMAL + "training: {stepz: 3}", "did you mean 'steps'"),
        (MINIMAL + "training: {steps: many}", "training.steps: 'many' will not do"),
        (MINIMAL + "training: {batch: 0}", "greater than or equal to 1"),
        (MINIMAL + "preparing: {target: {name: linaer}}", "did you mean 'linear'"),
        (MINIMAL + "preparing: {target: {name: linear, lo: 3}}", "did you mean 'low'"),
        (MINIMAL + "translating: {window: [8, 8, 8]}", "translating.window: [8, 8, 8] is no size in 2D"),
        (MINIMAL + "evaluating: {also: [nmii]}", "did you mean 'nmi'"),
        (MINIMAL + "evaluating: {also: [{name: nmi, bin: 32}]}", "did you mean 'bins'"),
        (MINIMAL + "evaluating: {also: [{name: nmi, bins: many}]}", "also: nmi.bins: 'many' will not do"),
        (MINIMAL + "evaluating: {also: [{name: water_path, hlut: [[0, 1]]}]}", "is no table of rising HU"),
        (MINIMAL + "evaluating: {also: [3]}", "evaluating.also.0"),
        (MINIMAL + "evaluating: {preset: mr-percentile, also: [bone_dice]}", "bone_dice: is for CT only"),
        (
            MINIMAL + "training: {best: ssim}",
            "'ssim' is not measured under the preset synthrad2025; choose from: mae, ",
        ),
        (
            MINIMAL + "training: {best: nmi}\nevaluating: {also: [{name: nmi, bins: 32}]}",
            "mae, psnr, ms_ssim, nmi[bins=32]",
        ),
        (MINIMAL + "training: 3", "training is not a table"),
        ("method: {name: regression", "is not YAML"),
        ("- a\n- b\n", "is not a table"),
        ("a: &x 1\nb: *x\n", "anchor or alias"),
        (MINIMAL + "method: !!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_every_wrong_recipe_gets_one_telling_sentence(tmp_path, text, said):
    with pytest.raises(UsageError) as caught:
        load_recipe(written(tmp_path, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_metrics_asked_for_besides_are_spelled_in_full_and_read_back(tmp_path):
    text = MINIMAL + "evaluating: {also: [nmi, {name: nmi, bins: 32}, {name: water_path, hlut: [[0, 1], [9, 2]]}]}"
    recipe = load_recipe(written(tmp_path, text))
    expected = ("nmi", {"name": "nmi", "bins": 32}, {"name": "water_path", "hlut": [[0.0, 1.0], [9.0, 2.0]]})
    assert recipe.evaluating.also == expected
    assert load_recipe(written(tmp_path, recipe.to_yaml())).evaluating == recipe.evaluating


def test_a_recipe_of_megabytes_is_refused(tmp_path):
    with pytest.raises(Exception, match="bytes, at most"):
        load_recipe(written(tmp_path, "# " + "x" * (1 << 20) + "\n" + MINIMAL))


@pytest.mark.parametrize("change", ["steps", "=3", "training.steps=[1"])
def test_a_wrong_change_is_answered(tmp_path, change):
    with pytest.raises(UsageError, match="--set"):
        load_recipe(written(tmp_path, MINIMAL), [change])


def test_the_schema_explains_the_settings():
    assert "Optimiser steps" in schema()["properties"]["training"]["properties"]["steps"]["description"]

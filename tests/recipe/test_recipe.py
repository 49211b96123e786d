import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.core.errors import UsageError
from medtrans.methods.pix2pix import Pix2PixSettings
from medtrans.recipe import load_recipe, make_recipe, schema

MINIMAL = """method: {name: regression}
reading: {source: {pattern: "*_T1.nii.gz", modality: MR}, target: {pattern: "*_CT.nii.gz", modality: CT}}
"""
IMAGES = {"reading": {"source": {"pattern": "*_T1.nii.gz", "modality": "MR"}, "target": {"modality": "CT"}}}
MR_SCORES = {
    "evaluating": {"preset": "mr-percentile"},
    "preparing": {"target_normalisation": {"name": "percentiles"}},
}
WITH_TABLE = """method: {name: regression}
reading: {root: heads, table: people.csv, source: {modality: MR}, target: {modality: MR}}
preparing: {target_normalisation: {name: percentiles}}
evaluating: {preset: mr-percentile, segmentation: {model: organs}}
"""


def written(folder, text):
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def test_a_recipe_needs_no_more_than_a_method_and_its_images(tmp_path):
    recipe = load_recipe(written(tmp_path, MINIMAL))
    assert recipe.method == "regression"
    assert recipe.reading.root == tmp_path


def test_the_resolved_recipe_reads_back_as_itself(tmp_path):
    source = pipelines_folder() / "t1_to_t2" / "recipe.yaml"
    recipe = load_recipe(source)
    again = load_recipe(written(tmp_path, recipe.to_yaml()))
    assert again.to_dict() == recipe.to_dict()


def test_paths_are_relative_to_the_recipe_but_typed_ones_to_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    written(tmp_path / "there", WITH_TABLE)
    monkeypatch.chdir(tmp_path)
    loaded = load_recipe("there/recipe.yaml")
    assert loaded.reading.root == tmp_path / "there/heads"
    assert loaded.reading.table == tmp_path / "there/people.csv"
    assert loaded.evaluating.segmentation.model == tmp_path / "there/organs"
    changed = load_recipe("there/recipe.yaml", ["reading.root=mine"])
    assert (changed.reading.root, changed.reading.table) == (tmp_path / "mine", tmp_path / "there/people.csv")
    again = load_recipe(written(tmp_path, changed.to_yaml()))
    assert again.to_dict() == changed.to_dict()


def test_a_method_alone_brings_its_own_settings():
    recipe = make_recipe({**IMAGES, "method": {"name": "pix2pix", "l1": 10}})
    assert recipe.method_settings == Pix2PixSettings(l1=10)


def test_the_resolved_recipe_names_the_optimiser_of_the_method_or_what_is_given_instead():
    dualgan = {**IMAGES, "method": {"name": "dualgan"}}
    training = make_recipe(dualgan).to_dict()["training"]
    own = {"optimizer": "rmsprop", "learning_rate": 5e-5, "betas": [0.0, 0.9], "weight_decay": 0.0}
    assert own.items() <= training.items()
    given = {"optimizer": "adam", "learning_rate": 1e-3, "betas": [0.5, 0.999], "weight_decay": 0.1}
    assert given.items() <= make_recipe({**dualgan, "training": given}).to_dict()["training"].items()
    null = dict.fromkeys(given)
    assert make_recipe({**dualgan, "training": null}).to_dict()["training"] == training


def test_the_optimiser_of_a_method_depends_on_its_settings():
    reading = {"source": {"pattern": "*_T1.nii.gz", "modality": "MR"}}
    rates = [
        make_recipe({"reading": reading, "method": {"name": "gan", "gan_loss": loss}}).training.learning_rate
        for loss in ("non_saturating", "wasserstein")
    ]
    assert rates == [2e-4, 1e-4]


def test_changes_are_laid_over_table_by_table(tmp_path):
    path = written(tmp_path, MINIMAL + "training: {steps: 7, batch: 3}\n")
    recipe = load_recipe(path, ["training.steps=9", "preparing.patch=[32, 32]"])
    assert (recipe.training.steps, recipe.training.batch) == (9, 3)
    assert recipe.preparing.patch == (32, 32)


def test_another_name_replaces_the_whole_table(tmp_path):
    method = "{name: regression, generator: {name: unet, channels: [8, 8]}}"
    path = written(tmp_path, MINIMAL.replace("{name: regression}", method))
    recipe = load_recipe(path, ["method.generator={name: resnet, filters: 8}"])
    assert recipe.method_settings.generator.filters == 8


def test_quick_is_applied_only_when_asked(tmp_path):
    path = written(tmp_path, MINIMAL + "quick: {training: {steps: 2}}\n")
    assert load_recipe(path).training.steps == 20000
    assert load_recipe(path, quick=True).training.steps == 2


def test_a_pattern_given_on_the_command_line_needs_no_quotes_that_a_shell_takes_off(tmp_path):
    recipe = load_recipe(written(tmp_path, MINIMAL), ["reading.target.pattern=*_FLAIR.nii.gz"])
    assert recipe.reading.target.patterns == ("*_FLAIR.nii.gz",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("method: {name: regresion}", "did you mean 'regression'"),
        ("method: {}", "method.name is missing"),
        (MINIMAL + "trainin: {steps: 3}", "did you mean 'training'"),
        (MINIMAL + "training: {stepz: 3}", "did you mean 'steps'"),
        (MINIMAL + "training: {batch: 0}", "invalid value 0; it must be greater than or equal to 1"),
        (MINIMAL + "training: {steps: many}", "training.steps: invalid value 'many'; give a whole number"),
        (MINIMAL + "training: {learning_rate: 0}", "training.learning_rate: invalid value 0"),
        (MINIMAL + "training: {learning_rate: .inf}", "training.learning_rate: invalid value inf"),
        (MINIMAL + "training: {learning_rate: .nan}", "training.learning_rate: invalid value nan"),
        (MINIMAL + "training: {steps: true}", "training.steps: invalid value True; give a number"),
        (MINIMAL + "training: {learning_rate: true}", "training.learning_rate: invalid value True; give a number"),
        (MINIMAL + "training: {tensorboard: 1}", "training.tensorboard: invalid value 1; give true or false"),
        (MINIMAL + "preparing: {patch: [true, 8]}", "preparing.patch[0]: invalid value True; give a number"),
        (MINIMAL + "training: {device: tpu}", "device tpu: is not a device; give auto, cpu, "),
        (MINIMAL + "training: {device: 'cuda:'}", "device cuda:: is not a device"),
        (MINIMAL.replace('"*_CT.nii.gz"', '""'), "has an empty pattern"),
        (MINIMAL.replace('"*_CT.nii.gz"', '["*_CT.nii.gz", ""]'), "has an empty pattern"),
        (MINIMAL.replace("reading: {", 'reading: {mask: "", '), "reading.mask: is an empty pattern"),
        (MINIMAL + "name: ../../elsewhere", "'../../elsewhere' is no name"),
        (MINIMAL + "name: /elsewhere", "'/elsewhere' is no name"),
        (MINIMAL + "name: ''", "'' is no name"),
        (MINIMAL + "name: [a]", "['a'] is no name"),
        (MINIMAL + "about: 3", "3 is no about"),
        (MINIMAL + "quick: 3", "quick is not a table"),
        (MINIMAL + "training: {betas: [2, 2]}", "training.betas.0: invalid value 2"),
        (MINIMAL + "training: {betas: [0.9, 1.0]}", "training.betas.1: invalid value 1.0"),
        (MINIMAL + "training: {betas: [-0.1, 0.9]}", "training.betas.0: invalid value -0.1"),
        (MINIMAL + "training: {weight_decay: -1}", "training.weight_decay: invalid value -1"),
        (MINIMAL + "training: {optimizer: rmsprop, betas: [0.5, 0.9]}", "rmsprop has no moving average of gradients"),
        (
            MINIMAL + "preparing: {augmentation: {flip: true}}",
            "preparing.augmentation: invalid value {'flip': True}; give a list",
        ),
        (MINIMAL + "preparing: {target_normalisation: {name: linaer}}", "did you mean 'linear'"),
        (MINIMAL + "preparing: {target_normalisation: {name: linear, lo: 3}}", "did you mean 'low'"),
        (MINIMAL + "translating: {window: [8, 8, 8]}", "translating.window: [8, 8, 8] is no size in 2D"),
        (MINIMAL + "evaluating: {metrics: [nmii]}", "did you mean 'nmi'"),
        (MINIMAL + "evaluating: {metrics: [{name: nmi, bin: 32}]}", "did you mean 'bins'"),
        (MINIMAL + "evaluating: {metrics: [{name: nmi, bins: many}]}", "metrics: nmi.bins: invalid value 'many'"),
        (MINIMAL + "evaluating: {metrics: [{name: water_path, hlut: [[0, 1]]}]}", "is no table of rising HU"),
        (MINIMAL + "evaluating: {metrics: [3]}", "evaluating.metrics.0"),
        (MINIMAL + "evaluating: {preset: mr-percentile, metrics: [bone_dice]}", "bone_dice: is for CT only"),
        (
            MINIMAL + "training: {monitor: ssim}",
            "so no model can be selected by it; choose from: mae, ",
        ),
        (
            MINIMAL + "training: {monitor: nmi}\nevaluating: {metrics: [{name: nmi, bins: 32}]}",
            "mae, psnr, ms_ssim, nmi[bins=32]",
        ),
        (MINIMAL + "training: 3", "training is not a table"),
        ("method: {name: regression", "is not YAML"),
        ("- a\n- b\n", "is not a table"),
        ("a: &x 1\nb: *x\n", "anchor or alias"),
        (MINIMAL + "method: !!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_every_mistake_in_a_recipe_gives_one_clear_error(tmp_path, text, expected):
    with pytest.raises(UsageError) as caught:
        load_recipe(written(tmp_path, text))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_further_metrics_are_written_in_full_and_read_back(tmp_path):
    text = MINIMAL + "evaluating: {metrics: [nmi, {name: nmi, bins: 32}, {name: water_path, hlut: [[0, 1], [9, 2]]}]}"
    recipe = load_recipe(written(tmp_path, text))
    expected = ("nmi", {"name": "nmi", "bins": 32}, {"name": "water_path", "hlut": [[0.0, 1.0], [9.0, 2.0]]})
    assert recipe.evaluating.metrics == expected
    assert load_recipe(written(tmp_path, recipe.to_yaml())).evaluating == recipe.evaluating


def test_a_recipe_of_megabytes_is_refused(tmp_path):
    with pytest.raises(Exception, match="bytes, but at most"):
        load_recipe(written(tmp_path, "# " + "x" * (1 << 20) + "\n" + MINIMAL))


@pytest.mark.parametrize("change", ["steps", "=3", "training.steps=[1"])
def test_a_wrong_change_is_refused(tmp_path, change):
    with pytest.raises(UsageError, match="--set"):
        load_recipe(written(tmp_path, MINIMAL), [change])


def test_the_schema_explains_the_settings():
    reference = schema()["properties"]["training"]["$ref"].removeprefix("#/$defs/")
    assert "Optimiser steps" in schema()["$defs"][reference]["properties"]["steps"]["description"]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (MINIMAL.replace('{pattern: "*_T1.nii.gz", modality: MR}', '"*_T1.nii.gz"'), "source: {pattern: "),
        (MINIMAL.replace("reading: {", "reading: {validation: 0, "), "validation_fraction"),
        (MINIMAL.replace("reading: {", "reading: {test: 0, "), "test_fraction"),
        (MINIMAL.replace("reading: {", "reading: {hold_out: [a], "), "test_subjects"),
        (MINIMAL + "preparing: {source: {name: linear}}", "source_normalisation"),
        (MINIMAL + "preparing: {target: {name: linear}}", "target_normalisation"),
        (MINIMAL + "preparing: {stack: 3}", "slices"),
        (MINIMAL + "preparing: {body: otsu}", "body_mask"),
        (MINIMAL + "preparing: {augment: {flip: true}}", "augmentation, a list"),
        (MINIMAL + "training: {averaging: 0}", "ema_decay"),
        (MINIMAL + "training: {best: mae}", "monitor"),
        (MINIMAL + "training: {journal_every: 1}", "log_every"),
        (MINIMAL + "training: {accumulate: 2}", "accumulate_grad_batches"),
        (MINIMAL + "training: {clock: processor}", "write cpu"),
        (MINIMAL + "translating: {skip_air: true}", "skip_background"),
        (MINIMAL + "evaluating: {also: [nmi]}", "metrics"),
        (MINIMAL + "evaluating: {within: mask}", "region"),
        (MINIMAL + "evaluating: {region: everything}", "write volume"),
        (MINIMAL + "evaluating: {pictures: 2}", "report_cases"),
        (MINIMAL + "evaluating: {downstream: model}", "segmentation: {model: "),
        (MINIMAL + "evaluating: {classes: AB}", "segmentation: {labels: "),
        (MINIMAL + "evaluating: {surface_tolerance: 1}", "segmentation: {surface_tolerance: "),
        (MINIMAL.replace("{name: regression}", "{name: registered}"), "write reggan"),
        (MINIMAL.replace("{name: regression}", "{name: conditional_gan}"), "write projection_gan or acgan"),
        (MINIMAL.replace("{name: regression}", "{name: pix2pix, criterion: hinge}"), "gan_loss"),
        (MINIMAL.replace("{name: regression}", "{name: pix2pix, gan_loss: bce}"), "write non_saturating"),
        (MINIMAL.replace("{name: regression}", "{name: pix2pix, gan_loss: minimax}"), "write saturating"),
    ],
)
def test_an_old_key_or_value_is_refused_with_the_new_name(tmp_path, text, new):
    with pytest.raises(UsageError) as caught:
        load_recipe(written(tmp_path, text))
    assert new in caught.value.advice


def test_a_path_of_a_method_is_relative_to_the_recipe_too(tmp_path):
    text = MINIMAL.replace("{name: regression}", "{name: latent_diffusion, autoencoder: first/model}")
    assert load_recipe(written(tmp_path, text)).method_settings.autoencoder == tmp_path / "first/model"


def test_a_method_that_needs_targets_is_refused_without_their_modality():
    values = {"method": {"name": "regression"}, "reading": {"source": {"pattern": "*_T1.nii.gz", "modality": "MR"}}}
    with pytest.raises(UsageError, match="trained with targets"):
        make_recipe(values)


MR_SCALE = {"name": "percentiles"}
CT_SCALE = {"name": "linear"}
DOSE_SCALE = {"name": "linear", "low": 0, "high": 70}


@pytest.mark.parametrize(
    ("modality", "scale", "preset", "advice"),
    [
        ("MR", MR_SCALE, "synthrad2025", "write preset: mr-percentile"),
        ("dose", DOSE_SCALE, "synthrad2023", "write preset: mr-percentile or dose"),
        ("PET", DOSE_SCALE, "dose", "write preset: mr-percentile"),
        ("CT", CT_SCALE, "dose", "write preset: synthrad2023 or synthrad2025 or"),
    ],
)
def test_a_preset_for_another_modality_than_the_target_is_refused(modality, scale, preset, advice):
    values = {
        "method": {"name": "regression"},
        "reading": {"source": {"modality": "MR"}, "target": {"modality": modality}},
        "preparing": {"target_normalisation": scale},
    }
    with pytest.raises(UsageError, match=advice):
        make_recipe({**values, "evaluating": {"preset": preset}})
    make_recipe({**values, "evaluating": {"preset": "mr-percentile"}})


FOLLOW_UP = {"source": {"pattern": "*_T1.nii.gz", "modality": "MR"}, "follow_up": {}}


def test_the_target_of_a_follow_up_is_the_same_image_at_the_other_visit():
    reading = make_recipe({"reading": FOLLOW_UP, "method": {"name": "regression"}, **MR_SCORES}).reading
    assert reading.target == reading.source
    assert reading.follow_up.direction == "predict"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"method": {"name": "vae"}}, "reading.follow_up: pairs visits, but for the method vae"),
        ({"method": {"name": "regression"}, "degrading": {"chain": [{"name": "blur"}]}}, "takes another visit"),
        ({"method": {"name": "regression"}, "reading": {**FOLLOW_UP, "follow_up": {"pairs": "some"}}}, "'some'"),
    ],
)
def test_a_follow_up_that_cannot_be_is_refused(more, message):
    with pytest.raises(UsageError, match=message):
        make_recipe({"reading": FOLLOW_UP, **MR_SCORES, **more})

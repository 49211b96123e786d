"""A segmenter's model folder as the judge; what is no judge is answered before anything is read."""

from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation import segmenter as segmenting
from medtrans.evaluating.segmentation.task import CEILING
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from medtrans.recipe import load_recipe
from medtrans.stages import run as stages
from tests.methods.blobs_toy import toy_method

NETWORK = {"name": "unet", "channels": [4, 8]}


def save(folder: Path, target=None) -> Path:
    """An untrained segmenter of the labels 3 and 7; with another `target`, a model that is none."""
    labels = target is None
    method = toy_method("segmenter", target=2, network=NETWORK) if labels else toy_method("regression")
    asked = PreparingSettings(
        source_normalisation=Linear(low=0, high=100),
        target_normalisation=target or Labels(labels=(3, 7)),
        slices=1,
        patch=(16, 16),
        body_mask="otsu",
    )
    save_model(folder, method, Preparation(asked, "MR", "labels" if labels else "CT"), {"name": "toy"})
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("models") / "segmenter")


def image(seed=0) -> Volume:
    voxels = np.zeros((1, 16, 16, 6), np.float32)
    voxels[:, 3:-3, 3:-3] = np.random.default_rng(seed).uniform(40, 100, (1, 10, 10, 6))
    return Volume(voxels, np.eye(4))


def test_the_real_image_against_itself_is_perfect(model):
    judge = segmenting.from_segmenter(model, None, 2.0)
    found = judge.structures("p1", "p1", {"translated": image(), "another": image(1)}, image())
    same = [one for one in found if one.system == "translated" and one.found != "neither"]
    assert same
    assert all(one.dice == one.surface_dice == 1 and one.hd95 == 0 for one in same)
    assert [one.name for one in found if one.system == "another"] == ["3", "7"]


def test_it_is_named_by_its_hash(model):
    assert "the segmenter toy (sha256 " in segmenting.from_segmenter(model, None, 2.0).said


def test_a_reference_adds_the_ceiling(model, tmp_path):
    truth = image().like((image().voxels > 70).astype(np.uint8) * 7)
    write_volume(truth, tmp_path / "p1.nii.gz")
    judge = segmenting.from_segmenter(model, {"bright": (7,)}, 2.0, tmp_path)
    found = judge.structures("p1", "p1", {"translated": image(1)}, image())
    assert [one.system for one in found] == ["translated", CEILING]
    assert {one.real_ml for one in found} == {float(truth.voxels.astype(bool).sum()) / 1000}


def test_a_translation_that_cannot_be_segmented_misses_everything(model):
    judge = segmenting.from_segmenter(model, None, 2.0)
    nothing = image().like(np.full((1, 16, 16, 6), np.nan, np.float32))
    with pytest.warns(UserWarning, match="finds nothing"):
        found = judge.structures("p1", "p1", {"translated": nothing}, image())
    assert {one.found for one in found} <= {"missed", "neither"}
    assert any(one.found == "missed" for one in found)


def test_a_model_that_writes_no_labels_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="writes HU, not labels"):
        segmenting.from_segmenter(save(tmp_path, Linear()), None, 2.0)


def test_a_class_that_the_segmenter_does_not_know_is_refused(model):
    with pytest.raises(UsageError, match=r"has no 5 \(liver\); its labels are 3, 7"):
        segmenting.from_segmenter(model, {"liver": (3, 5)}, 2.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"model": Path("m"), "translated": Path("a")}, "two judges"),
        ({"translated": Path("a")}, "--labels-target: is missing"),
        ({"target": Path("b")}, "--labels-translated: is missing"),
        ({"classes": "AB"}, "is missing"),
        ({"translated": Path("a"), "target": Path("b")}, "say which numbers count"),
        ({"translated": Path("a"), "target": Path("b"), "classes": "totl"}, "did you mean 'total'"),
    ],
)
def test_half_a_judge_is_answered_with_what_is_missing(words, said):
    with pytest.raises(UsageError, match=said):
        segmenting.of_words(
            **{"model": None, "translated": None, "target": None, "classes": None, **words}, tolerance=2
        )


def test_nothing_asked_is_no_judge():
    assert segmenting.of_words(None, None, None, None, 2.0) is None
    assert segmenting.of_settings(EvaluatingSettings(), "cpu") is None


def test_a_recipe_names_it_from_where_the_recipe_lies(tmp_path, monkeypatch):
    plain = stages.find_recipe("t1_to_t2").read_text()
    (tmp_path / "recipe.yaml").write_text(plain.replace("evaluating: {", "evaluating: {downstream: judge/model, "))
    assert load_recipe(tmp_path / "recipe.yaml").evaluating.downstream == tmp_path / "judge" / "model"
    monkeypatch.chdir(tmp_path)
    changed = load_recipe(tmp_path / "recipe.yaml", ["evaluating.downstream=other"])
    assert changed.evaluating.downstream == tmp_path / "other"


def test_a_run_refuses_a_missing_judge_before_it_trains(tmp_path):
    recipe = load_recipe(stages.find_recipe("t1_to_t2"), [f"evaluating.downstream={tmp_path / 'no'}"], quick=True)
    with pytest.raises(ModelRefused, match="not a model folder"):
        stages.run(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_classes_in_a_recipe_need_a_segmenter_and_name_its_labels(model):
    with pytest.raises(UsageError, match="has no segmenter"):
        segmenting.of_settings(EvaluatingSettings(classes="AB"), "cpu")
    asked = EvaluatingSettings(downstream=model, classes={"dark": 3, "all": [7]})
    judge = segmenting.of_settings(asked, "cpu")
    assert judge is not None
    assert judge.classes == {"dark": (3,), "all": (7,)}

"""A segmenter's model folder for the segmentation task; a wrong one is refused before anything is read."""

from pathlib import Path

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation import label_maps
from medtrans.evaluating.segmentation import segmenter as segmenting
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.evaluating.settings import SegmentationSettings
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from medtrans.recipe import load_recipe
from medtrans.stages.run import run
from tests.methods.blobs_toy import toy_method

NETWORK = {"name": "unet", "channels": [4, 8]}


def save(folder: Path, target=None) -> Path:
    """An untrained segmenter of the labels 3 and 7; with another `target`, a model that is none."""
    labels = target is None
    method = toy_method("segmenter", target=2, network=NETWORK) if labels else toy_method("regression")
    settings = PreparingSettings(
        source_normalisation=Linear(low=0, high=100),
        target_normalisation=target or Labels(labels=(3, 7)),
        slices=1,
        patch=(16, 16),
        body_mask="otsu",
    )
    save_model(folder, method, Preparation(settings, "MR", "labels" if labels else "CT"), {"name": "toy"})
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("models") / "segmenter")


def image(seed=0) -> Volume:
    voxels = np.zeros((1, 16, 16, 6), np.float32)
    voxels[:, 3:-3, 3:-3] = np.random.default_rng(seed).uniform(40, 100, (1, 10, 10, 6))
    return Volume(voxels, np.eye(4))


def test_the_real_image_against_itself_is_perfect(model):
    task = segmenting.from_segmenter(model, None, 2.0)
    found = task.structures("p1", "p1", {"translated": image(), "another": image(1)}, image()).structures
    same = [one for one in found if one.system == "translated" and one.found != "neither"]
    assert same
    assert all(one.dice == one.surface_dice == 1 and one.hd95 == 0 for one in same)
    assert [one.name for one in found if one.system == "another"] == ["3", "7"]


def test_it_is_named_by_its_hash(model):
    assert "the segmenter toy (sha256 " in segmenting.from_segmenter(model, None, 2.0).origin


def test_a_reference_adds_the_upper_bound(model, tmp_path):
    truth = image().like((image().voxels > 70).astype(np.uint8) * 7)
    write_volume(truth, tmp_path / "p1.nii.gz")
    task = segmenting.from_segmenter(model, {"bright": (7,)}, 2.0, tmp_path)
    found = task.structures("p1", "p1", {"translated": image(1)}, image()).structures
    assert [one.system for one in found] == ["translated", UPPER_BOUND]
    assert {one.real_ml for one in found} == {float(truth.voxels.astype(bool).sum()) / 1000}


def test_a_translation_that_cannot_be_segmented_misses_everything(model):
    task = segmenting.from_segmenter(model, None, 2.0)
    nothing = image().like(np.full((1, 16, 16, 6), np.nan, np.float32))
    found = task.structures("p1", "p1", {"translated": nothing}, image())
    (finding,) = found.findings
    assert (finding.code, finding.where) == ("translation-not-segmented", "p1")
    assert "finds nothing" in finding.sentence
    assert {one.found for one in found.structures} <= {"missed", "neither"}
    assert any(one.found == "missed" for one in found.structures)


def test_a_model_that_writes_no_labels_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="writes CT, not labels"):
        segmenting.from_segmenter(save(tmp_path, Linear()), None, 2.0)


def test_a_class_that_the_segmenter_does_not_know_is_refused(model):
    with pytest.raises(UsageError, match=r"has no 5 \(liver\); its labels are 3, 7"):
        segmenting.from_segmenter(model, {"liver": (3, 5)}, 2.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label_maps": Path("a")}, "--reference-labels: is missing"),
        ({"reference": Path("b")}, "--label-maps: is missing"),
        ({"labels": "AB"}, "is missing"),
        ({"label_maps": Path("a"), "reference": Path("b")}, "name the labels that count"),
        ({"label_maps": Path("a"), "reference": Path("b"), "labels": "totl"}, "did you mean 'total'"),
    ],
)
def test_incomplete_options_are_refused_with_what_is_missing(options, said):
    with pytest.raises(UsageError, match=said):
        label_maps.of_options(**{"label_maps": None, "reference": None, "labels": None, **options}, tolerance=2)


def test_a_segmenter_and_label_maps_are_mutually_exclusive():
    with pytest.raises(UsageError, match="--label-maps are mutually exclusive"):
        segmenting.of_options(Path("m"), Path("a"), None, None, 2.0)


def test_without_options_there_is_no_segmentation_task():
    assert label_maps.of_options(None, None, None, 2.0) is None
    assert segmenting.of_settings(SegmentationSettings(), "cpu") is None


def test_a_recipe_names_it_from_where_the_recipe_lies(tmp_path, monkeypatch):
    plain = find_recipe("t1_to_t2").read_text()
    (tmp_path / "recipe.yaml").write_text(
        plain.replace("evaluating: {", "evaluating: {segmentation: {model: segmenter/model}, ")
    )
    assert load_recipe(tmp_path / "recipe.yaml").evaluating.segmentation.model == tmp_path / "segmenter" / "model"
    monkeypatch.chdir(tmp_path)
    changed = load_recipe(tmp_path / "recipe.yaml", ["evaluating.segmentation.model=other"])
    assert changed.evaluating.segmentation.model == tmp_path / "other"


def test_a_run_refuses_a_missing_segmenter_before_it_trains(tmp_path):
    recipe = load_recipe(find_recipe("t1_to_t2"), [f"evaluating.segmentation.model={tmp_path / 'no'}"], quick=True)
    with pytest.raises(ModelRefused, match="neither a model folder"):
        run(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_classes_in_a_recipe_need_a_segmenter_and_name_its_labels(model):
    with pytest.raises(UsageError, match="has no segmenter"):
        segmenting.of_settings(SegmentationSettings(labels="AB"), "cpu")
    settings = SegmentationSettings(model=model, labels={"dark": 3, "all": [7]})
    task = segmenting.of_settings(settings, "cpu")
    assert task is not None
    assert task.classes == {"dark": (3,), "all": (7,)}

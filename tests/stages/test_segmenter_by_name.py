"""A shipped segmenter is named wherever a segmenter is: by evaluate, by distances and in a recipe."""

import numpy as np
import pytest
from typer.testing import CliRunner

from medtrans.catalogue import find_recipe
from medtrans.cli.app import app
from medtrans.core.errors import ModelRefused
from medtrans.models import zoo
from medtrans.models.config import read_config
from medtrans.models.folder import save_model
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import write_volume
from medtrans.recipe import load_recipe
from medtrans.stages.distances import measure
from medtrans.stages.train import train
from tests.translating.stand_ins import preparation_of, tiny_segmenter

NAME = "toy-tissues"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Of a segmenter that is shipped under NAME."""
    monkeypatch.setattr(zoo, "FOLDER", tmp_path / "zoo")
    model = tmp_path / "zoo" / "toy_tissues" / "axial"
    preparation = preparation_of(
        "MR", source_normalisation=Percentiles(), target_normalisation=Labels(labels=(5, 8, 9)), body_mask="otsu"
    )
    save_model(model, tiny_segmenter(preparation), preparation, {"name": "toy", "declared": {"licence": "CC0"}})
    (model.parent / "about.yaml").write_text("about: Three tissues.\n")
    return model


@pytest.fixture
def images(tmp_path):
    """A folder with the T1 of two heads."""
    for seed in range(2):
        head = make_head(seed, shape=(24, 28, 24), spacing=8.0)
        write_volume(paint(head, "T1", np.random.default_rng(seed)), tmp_path / "images" / f"p{seed}.nii.gz")
    return tmp_path / "images"


def test_evaluate_compares_the_label_maps_of_a_segmenter_by_its_name(images):
    words = ["evaluate", "--translated", str(images), "--target", str(images), "--preset", "mr-percentile"]
    done = CliRunner().invoke(app, [*words, "--segmenter", NAME])
    assert done.exit_code == 0, done.output
    assert "label maps by the segmenter toy" in done.output


def test_distances_are_those_of_its_features(images):
    assert measure(images, images, NAME, slices=2).meaning["extractor"].startswith("segmenter-")


@pytest.mark.parametrize("name", [NAME, "toy_tissues"])
def test_a_recipe_compares_features_and_label_maps(tmp_path, folder, name):
    text = find_recipe("t1_to_t2").read_text().replace("../../sample_data", str(find_recipe("t1_to_t2").parents[2]))
    text = text.replace("name: regression", f"name: regression\n  segmenter: {name}")
    (tmp_path / "recipe.yaml").write_text(text)
    recipe = load_recipe(tmp_path / "recipe.yaml", [f"evaluating.segmentation.model={name}"])
    assert recipe.method_settings.segmenter == recipe.evaluating.segmentation.model == folder


def test_its_features_are_in_the_loss_of_a_training(tmp_path):
    found = train(load_recipe(find_recipe("t1_to_t2"), [f"method.segmenter={NAME}"], quick=True), tmp_path / "run")
    assert read_config(found.model)["frozen"]["segmenter"]["task"]["target_channels"] == 3


def test_a_folder_of_that_name_goes_before_it(tmp_path, folder):
    (tmp_path / NAME).mkdir()
    (tmp_path / "recipe.yaml").write_text(find_recipe("t1_to_t2").read_text())
    with_name = (tmp_path / "recipe.yaml").read_text().replace("regression\n", f"regression\n  segmenter: {NAME}\n")
    (tmp_path / "recipe.yaml").write_text(with_name)
    assert load_recipe(tmp_path / "recipe.yaml").method_settings.segmenter == tmp_path / NAME != folder


def test_several_networks_are_no_segmenter():
    with pytest.raises(ModelRefused, match="neither a model folder nor"):
        zoo.model_folder("toy-tissue")

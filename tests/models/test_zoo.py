import json
import subprocess
import sys

import numpy as np
import pytest

from medtrans.core.errors import ModelRefused
from medtrans.models import zoo
from medtrans.models.config import CARD, CONFIG, PICKLES
from medtrans.models.folder import load_model
from medtrans.models.zoo import DEFAULT, model_folders, shipped
from medtrans.phantoms import make_head, paint
from medtrans.translating.ensemble import load_translator

MOST_BYTES = 40e6


@pytest.fixture(params=shipped(), ids=lambda model: model.name)
def model(request):
    return request.param


def test_the_default_is_shipped_and_all_models_together_are_small():
    models = shipped()
    assert DEFAULT in [model.name for model in models]
    assert sum(model.size for model in models) <= MOST_BYTES


def test_each_says_what_it_translates_under_which_licence_and_how_well(model):
    assert model.licence == "Apache-2.0"
    assert model.about.endswith(".")
    assert model.modalities in model.entry.facts
    assert any(metric in model.figure for metric in ("Dice", "MAE", "PSNR"))


def test_each_member_loads_and_its_card_has_scores_and_failures(model):
    for folder in model.members:
        method, preparation, _ = load_model(folder)
        assert sum(weight.numel() for weight in method.parameters()) > 1e5
        assert preparation.settings.patch
        card = (folder / CARD).read_text()
        assert "not evaluated on test cases" not in card
        assert "not declared" not in card


def test_translations_without_a_unit_can_be_brought_to_the_scale_of_a_real_image(model):
    for folder in model.members:
        preparation = load_model(folder)[1]
        assert bool(preparation.target_percentiles) is (preparation.target_modality == "MR")


def test_nothing_of_the_machine_it_was_trained_on_is_in_it(model):
    for path in (path for member in model.members for path in member.parent.rglob("*") if path.is_file()):
        assert path.suffix not in PICKLES
        if path.name in (CONFIG, CARD, "scores.json"):
            text = path.read_text()
            assert "/work" not in text
            assert "/home" not in text
            assert "/tmp" not in text


def test_scores_were_made_by_the_script_and_its_sentence_follows_from_them(model):
    scores = json.loads((model.members[0].parent / "scores.json").read_text())
    one_each, kind, words = (
        (scores["painted"], "head", "painted heads") if "painted" in scores else (scores["scores"], "person", "people")
    )
    count = len({score[kind] for score in one_each})
    assert len(one_each) == count * len(scores["summary"])
    assert f"{count} {words}" in scores["figure"]


def test_each_translates_a_small_head_and_keeps_its_place(model):
    head = make_head(0, shape=(40, 48, 40), spacing=4.0)
    source = paint(head, "T1", np.random.default_rng(0))
    translator = load_translator(model.members, smallest_body=None)
    made = translator(source)
    middles = [image.affine @ [*((np.array(image.shape) - 1) / 2), 1] for image in (source, made)]
    assert np.allclose(*middles)
    assert np.allclose(np.array(made.shape) * made.spacing, np.array(source.shape) * source.spacing)
    assert np.isfinite(made.voxels).all()
    assert made.voxels.std() > 0
    if made.spacing == source.spacing:
        assert made.shares_grid_with(source)


def test_names_stand_for_all_members_and_folders_for_themselves(tmp_path):
    [default] = [model for model in shipped() if model.name == DEFAULT]
    assert model_folders([DEFAULT]) == model_folders(["head_mr_to_ct"]) == list(default.members)
    assert model_folders([tmp_path, DEFAULT]) == [tmp_path, *default.members]


def test_a_folder_goes_before_a_shipped_model_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT).mkdir()
    assert [str(path) for path in model_folders([DEFAULT])] == [DEFAULT]


def test_what_is_neither_a_folder_nor_a_model_is_refused_with_the_nearest_name():
    with pytest.raises(ModelRefused, match="'head-mr-to-ct'"):
        load_translator("head-mr-to-cd")


def test_every_file_is_found_by_its_folder_alone():
    assert {model.members[0].parent.parent for model in shipped()} == {zoo.FOLDER}


def test_the_default_is_loaded_without_monai_whose_import_takes_longer_than_the_loading():
    script = (
        "import sys; from medtrans import load_translator; "
        "load_translator('head-mr-to-ct'); print('monai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

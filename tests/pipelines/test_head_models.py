"""The scripts that score the models of heads, on synthetic heads."""

import json
import runpy
import shutil
import sys

import numpy as np
import pytest
import torch

from medtrans.auditing.gate.signature import GATE
from medtrans.catalogue import pipelines_folder
from medtrans.models.config import CARD
from medtrans.models.folder import load_model, save_model
from medtrans.models.zoo import DEFAULT, model_folders
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import write_volume
from tests.translating.stand_ins import preparation_of, tiny_regression, tiny_segmenter


@pytest.fixture
def score(monkeypatch, tmp_path):
    def run(pipeline, *words):
        output = tmp_path / "scores.json"
        script = str(pipelines_folder() / pipeline / "score.py")
        monkeypatch.setattr(sys, "argv", [script, *map(str, words), "-o", str(output)])
        runpy.run_path(script, run_name="__main__")
        return json.loads(output.read_text())

    return run


def test_ct_is_scored_on_painted_heads_in_each_contrast_and_the_card_says_so(score, tmp_path):
    labels = next((pipelines_folder().parent / "sample_data").glob("*_labels.nii.gz"))
    (tmp_path / "labels").mkdir()
    shutil.copy(labels, tmp_path / "labels")
    model = shutil.copytree(model_folders([DEFAULT])[0], tmp_path / "model")
    facts = score("head_mr_to_ct", tmp_path / "labels", "-m", model, "--cards")
    assert [row["contrast"] for row in facts["summary"]] == ["T1", "T2", "FLAIR", "PD"]
    assert {one["head"] for one in facts["painted"]} == {labels.name.split("_labels")[0]}
    assert all(0 < one["bone_dice"] < 1 and 0 < one["mae"] < 1000 for one in facts["painted"])
    assert "on 1 painted head in 4 contrasts" in facts["figure"]
    assert "worst of all painted heads" in (model / CARD).read_text()


def test_t1_is_scored_beside_what_is_learnt_from_the_other_people(score, tmp_path):
    for number in range(3):
        head = make_head(number, shape=(24, 28, 24), spacing=8.0)
        brain = np.isin(head.tissues.voxels, [7, 8, 9, 10])
        for contrast in ("T1", "T2", "FLAIR"):
            image = paint(head, contrast, np.random.default_rng(number))
            write_volume(image.like(image.voxels * brain), tmp_path / "people" / f"p{number}_{contrast}.nii.gz")
    scales = {"source_normalisation": Percentiles(), "target_normalisation": Percentiles(typical_range=(0.0, 1000.0))}
    preparation = preparation_of("MR", "MR", spacing=(8.0, 8.0, 8.0), **scales)
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "tiny"})
    facts = score("head_any_to_t1", tmp_path / "people", "-m", tmp_path / "model")
    assert list(dict.fromkeys(row["source"] for row in facts["summary"])) == [
        "T2", "FLAIR", "T1 of 5 mm", "T1 in voxels of 5 mm",
    ]  # fmt: skip
    psnr = {(one["person"], one["source"], one["system"]): one["psnr"] for one in facts["scores"]}
    people = {person for person, _, _ in psnr}
    assert len(people) == 3
    for person in people:
        thick = {system: psnr[person, "T1 of 5 mm", system] for system in ("source itself", "mean image")}
        assert thick["source itself"] > thick["mean image"], "of slices of 8 mm little is lost"
    lookups = {key[:2]: value for key, value in psnr.items() if key[2] == "intensity lookup"}
    assert all(lookup > psnr[*key, "model"] for key, lookup in lookups.items()), "an untrained model"


def test_tissues_are_scored_in_each_contrast_of_heads_and_of_brains_alone(score, tmp_path):
    labels = next((pipelines_folder().parent / "sample_data").glob("*_labels.nii.gz"))
    (tmp_path / "labels").mkdir()
    shutil.copy(labels, tmp_path / "labels")
    head = make_head(1, shape=(24, 28, 24), spacing=8.0)
    for contrast in ("T1", "T2", "FLAIR"):
        write_volume(paint(head, contrast, np.random.default_rng(1)), tmp_path / "people" / f"p1_{contrast}.nii.gz")
    preparation = preparation_of(
        "MR", "labels", source_normalisation=Percentiles(), target_normalisation=Labels(labels=tuple(range(1, 12)))
    )
    save_model(tmp_path / "model", tiny_segmenter(preparation), preparation, {"name": "tiny"})
    facts = score("head_tissues", tmp_path / "labels", "-m", tmp_path / "model", "--people", tmp_path / "people")
    assert [(row["image"], row["contrast"]) for row in facts["summary"]] == [
        (part, contrast) for part in ("whole head", "brain alone") for contrast in ("T1", "T2", "FLAIR", "PD")
    ]
    assert all(0 <= value <= 1 for one in facts["painted"] for value in one["dice"].values())
    assert [one["contrast"] for one in facts["people"]] == ["T2", "FLAIR"]
    assert "on 1 painted head in 4 contrasts" in facts["figure"]


@pytest.mark.parametrize(("to", "modality", "shipped"), [("CT", "CT", "head-mr-to-ct"), ("T1", "MR", "head-any-to-t1")])
def test_a_segmenter_of_tissues_answers_with_the_mean_intensity_of_what_a_voxel_may_be(
    to, modality, shipped, monkeypatch, tmp_path
):
    labels = Labels(labels=tuple(range(1, 12)))
    preparation = preparation_of("MR", "labels", source_normalisation=Percentiles(), target_normalisation=labels)
    segmenter = tiny_segmenter(preparation).eval()
    card = {"name": "tiny", "declared": {"licence": "Apache-2.0", "source": "MR"}}
    save_model(tmp_path / "segmenter", segmenter, preparation, card)
    script, like = str(pipelines_folder() / "head_tissues" / "as_image.py"), model_folders([shipped])[0]
    words = [str(tmp_path / "segmenter"), "--to", to, "-o", str(tmp_path / "image"), "--like", str(like)]
    monkeypatch.setattr(sys, "argv", [script, *words])
    names = runpy.run_path(script, run_name="__main__")
    method, made, config = load_model(tmp_path / "image")
    assert made.target_modality == modality
    assert made.target_percentiles == load_model(like)[1].target_percentiles
    assert (tmp_path / "image" / GATE).read_bytes() == (like / GATE).read_bytes()
    assert config["card"]["declared"]["source"] == "MR"

    image = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        probabilities = (segmenter.translate(image) + 1) / 2
        answer = made.settings.target_normalisation.restore(method.translate(image).numpy())
    outside, *tissues = names["intensities"](to)[:12]
    expected = outside * (1 - probabilities.sum(dim=1, keepdim=True))
    expected += (probabilities * torch.tensor(tissues).reshape(1, -1, 1, 1)).sum(dim=1, keepdim=True)
    assert np.abs(answer - expected.numpy()).max() < 0.01


def test_only_a_segmenter_becomes_an_image_of_its_tissues(monkeypatch, tmp_path, capsys):
    preparation = preparation_of("MR", "CT", source_normalisation=Percentiles(), target_normalisation=Linear())
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "tiny"})
    script = str(pipelines_folder() / "head_tissues" / "as_image.py")
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path / "model"), "--to", "CT", "-o", str(tmp_path / "image")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    assert ended.value.code == 4
    assert "is no segmenter" in capsys.readouterr().err
    assert not (tmp_path / "image").exists()

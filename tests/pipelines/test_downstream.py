"""The commands of pipelines/downstream, in their order, on the sample data: judge, translation, both readings."""

import json
import shutil

import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.evaluating.results import to_json, to_text
from medtrans.evaluating.segmentation import segmenter as segmenting
from medtrans.evaluating.segmentation.task import CEILING
from medtrans.recipe import load_recipe
from medtrans.stages import run as stages
from medtrans.stages.compare import compare

SMALL = {"segmenter": "method.network.channels=[4, 8]", "": "method.generator.channels=[4, 8]"}
README = (pipelines_folder() / "downstream" / "README.md").read_text()


def recipe(name, *changes):
    words = [SMALL[name.partition("/")[2]], *changes]
    return load_recipe(stages.find_recipe(name), words, quick=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downstream")
    samples = recipe("downstream").reading.root
    for kind, names in (("T1", "T1"), ("T2", "T2"), ("labels", "mask")):
        (folder / "data" / kind).mkdir(parents=True)
        for subject in ("sub-04", "sub-05"):
            shutil.copy(samples / f"{subject}_{names}.nii.gz", folder / "data" / kind / f"{subject}.nii.gz")
    stages.train(recipe("downstream/segmenter"), folder / "on_real")
    judged = recipe(
        "downstream", f"evaluating.downstream={folder / 'on_real' / 'model'}", "evaluating.classes={body: 1}"
    )
    result = stages.run(judged, folder / "translator")
    stages.translate(folder / "data" / "T1", folder / "data" / "translated", folder / "translator" / "model")
    second = ["reading.source=translated/*.nii.gz", "reading.target=labels/*.nii.gz"]
    stages.train(recipe("downstream/segmenter", f"reading.root={folder / 'data'}", *second), folder / "on_translated")
    return folder, result


def test_a_run_is_judged_beside_its_controls(done):
    folder, result = done
    assert not result.failed
    for system in ("translated", "copy of the source", "mean of the training targets"):
        assert 0 <= result.scores[system]["dice[body]"] <= 1
    assert "dice[mean]" in result.to_text()
    assert (folder / "translator" / "downstream.csv").read_text().startswith("case,subject,who,name,found,ml,real_ml,")
    said = json.loads((folder / "translator" / "scores.json").read_text())["definition"]["details"]
    assert any("by the segmenter segmenter (sha256 " in sentence for sentence in said)


def test_runs_with_a_judge_are_compared(done):
    folder, _ = done
    shutil.copytree(folder / "translator", folder / "again")
    tables = compare([folder / "translator", folder / "again"]).tables
    assert "dice[mean]" in tables
    assert "dice[body]" not in tables


def test_both_readings_stand_beside_a_reference(done):
    folder, _ = done
    for name in ("on_real", "on_translated"):
        data = folder / "data"
        judge = segmenting.of_words(folder / name / "model", None, data / "labels", "body: 1", 2.0)
        found = stages.evaluate(data / "translated", data / "T2", None, "mr-percentile", downstream=judge)
        assert not found.refused
        assert {s.system for s in found.scores if s.metric == "dice[body]"} == {"translated", CEILING}
        assert f"body ({CEILING})" in to_text(found)
        assert len(json.loads(to_json(found))["downstream"]) == 4


def test_the_readme_names_what_there_is():
    for word in ("downstream/segmenter", "--downstream", "--labels-target", "--labels-translated", "--classes"):
        assert word in README

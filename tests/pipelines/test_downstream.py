"""The commands of pipelines/downstream, in their order, on the sample data: segmenter, translation, evaluations."""

import json
import shutil

import pytest

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.evaluating.results import to_json, to_text
from medtrans.evaluating.segmentation import segmenter
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.compare import compare
from medtrans.stages.evaluate import evaluate
from medtrans.stages.run import run
from medtrans.stages.train import train
from medtrans.stages.translate import translate

SMALL = {"segmenter": "method.network.channels=[4, 8]", "": "method.generator.channels=[4, 8]"}
README = (pipelines_folder() / "downstream" / "README.md").read_text()


def recipe(name, *changes):
    words = [SMALL[name.partition("/")[2]], *changes]
    return load_recipe(find_recipe(name), words, quick=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downstream")
    samples = recipe("downstream").reading.root
    for kind, names in (("T1", "T1"), ("T2", "T2"), ("labels", "mask")):
        (folder / "data" / kind).mkdir(parents=True)
        for subject in ("sub-04", "sub-05"):
            shutil.copy(samples / f"{subject}_{names}.nii.gz", folder / "data" / kind / f"{subject}.nii.gz")
    train(recipe("downstream/segmenter"), folder / "on_real")
    model = RunFolder(folder / "on_real").model
    segmentation = f"evaluating.segmentation={{model: {model}, labels: {{body: 1}}}}"
    result = run(recipe("downstream", segmentation), folder / "translator")
    translate(folder / "data" / "T1", folder / "data" / "translated", folder / "translator" / "model")
    second = ["reading.source.pattern=translated/*.nii.gz", "reading.target.pattern=labels/*.nii.gz"]
    train(recipe("downstream/segmenter", f"reading.root={folder / 'data'}", *second), folder / "on_translated")
    return folder, result


def test_a_run_is_evaluated_with_its_baselines(done):
    folder, result = done
    assert not result.failed
    for system in ("translated", "copied source", "training mean"):
        assert 0 <= result.scores[system]["dice[body]"] <= 1
    assert "dice[mean]" in result.to_text()
    assert "dice[body]" not in result.to_text()
    table = RunFolder(folder / "translator").structures_csv.read_text()
    assert table.startswith("case,subject,system,name,found,ml,real_ml,")
    definition = json.loads(RunFolder(folder / "translator").scores_json.read_text())["definition"]
    assert any("by the segmenter segmenter (sha256 " in clause["text"] for clause in definition["clauses"])


def test_runs_with_a_segmenter_are_compared(done):
    folder, _ = done
    shutil.copytree(folder / "translator", folder / "again")
    labels = [table.metric.label for table in compare([folder / "translator", folder / "again"]).comparison.tables]
    assert "dice[mean]" in labels
    assert "dice[body]" not in labels


def test_both_segmenters_are_compared_with_a_reference(done):
    folder, _ = done
    for name in ("on_real", "on_translated"):
        data = folder / "data"
        task = segmenter.of_options(folder / name / "model", None, data / "labels", "body: 1", 2.0)
        found = evaluate(data / "translated", data / "T2", None, "mr-percentile", segmentation=task)
        assert not found.failed
        assert {s.system for s in found.scores if s.metric.label == "dice[body]"} == {"translated", UPPER_BOUND}
        assert f"body ({UPPER_BOUND})" in to_text(found)
        assert len(json.loads(to_json(found))["structures"]) == 4


def test_the_readme_names_the_options():
    for word in ("downstream/segmenter", "--segmenter", "--reference-labels", "--label-maps", "--labels"):
        assert word in README

"""Every shipped pipeline runs, all stages, on the sample data."""

import csv

import pytest

from medtrans import methods
from medtrans.catalogue import entries, find_recipe, pipelines_folder
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.stages.run import run

NAMES = [folder.name for folder in sorted(pipelines_folder().iterdir()) if (folder / "recipe.yaml").exists()]


@pytest.mark.parametrize("name", NAMES)
def test_the_pipeline_runs_and_resumes(name, tmp_path):
    recipe = load_recipe(find_recipe(name), quick=True)
    result = run(recipe, tmp_path)
    assert not result.failed
    assert {"translated", "training mean"} <= result.scores.keys()
    own_targets = methods.load(recipe.method).pairing == "alone"
    one_modality = recipe.reading.source_modality == recipe.reading.target_modality
    expected = one_modality and not own_targets
    assert ("copied source" in result.scores) is expected, "not the answer itself, nor in another unit"
    translations = sorted((tmp_path / "translations").glob("*.nii.gz"))
    assert translations
    sources = {case.name: case.sources[0] for case in run_cases(recipe, RunFolder(tmp_path))[0]}
    for path in translations:
        assert read_volume(path).shares_grid_with(read_volume(sources[path.name.split(".")[0]]))
    with (tmp_path / "scores.csv").open() as file:
        assert {row["system"] for row in csv.DictReader(file)} == result.scores.keys()
    assert "SYNTHETIC" in (tmp_path / "report.html").read_text()

    before = sha256(tmp_path / "model" / "model.safetensors")
    again = run(recipe, tmp_path)
    assert again.scores == result.scores
    assert sha256(tmp_path / "model" / "model.safetensors") == before


@pytest.mark.parametrize("name", NAMES)
def test_the_pipeline_says_what_it_is(name):
    entry = next(entry for entry in entries("pipelines") if entry.name == name)
    assert len(entry.summary) > 20
    assert (pipelines_folder() / name / "README.md").read_text().startswith("# ")
    assert len((pipelines_folder() / name / "recipe.yaml").read_text().splitlines()) <= 34

"""The four baselines run, all stages, on the sample data; and stand beside each other."""

import runpy
import subprocess
import sys

import pytest

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.core.errors import UsageError
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages.run import SAMPLES, run
from medtrans.stages.sample import sample

FOLDER = pipelines_folder() / "baselines"
NAMES = ["autoencoder", "gan", "projection_gan", "vae"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    return {name: _run(name, folder / name) for name in NAMES}


def _run(name, folder):
    return run(load_recipe(find_recipe(f"baselines/{name}"), quick=True), folder)


def test_there_is_a_recipe_for_each():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == NAMES
    for name in NAMES:
        assert len((FOLDER / f"{name}.yaml").read_text().splitlines()) <= 30
        assert f"medtrans run baselines/{name} " in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
def test_those_that_reconstruct_are_scored(runs, name):
    assert not runs[name].failed
    assert {"translated", "training mean"} <= runs[name].scores.keys()


@pytest.mark.parametrize("name", ["projection_gan", "gan"])
def test_those_that_only_sample_make_images(runs, name):
    made = sorted((runs[name].folder / "samples").glob("*.nii.gz"))
    assert len(made) == SAMPLES
    assert read_volume(made[0]).shape == (32, 32, 1)


def test_a_class_is_a_condition(runs, tmp_path):
    model = runs["projection_gan"].folder / "model"
    for contrast in (0.0, 1.0):
        sample(tmp_path / str(contrast), model, 1, conditions={"contrast": contrast})
    one, other = (read_volume(tmp_path / name / "sample-000.nii.gz").voxels for name in ("0.0", "1.0"))
    assert (one != other).any()
    for wrong, expected in (
        ({"contrast": 5.0}, "from 0 to 1"),
        ({"contrast": 1.0, "age": 3.0}, "this model takes contrast"),
    ):
        with pytest.raises(UsageError, match=expected):
            sample(tmp_path / "none", model, 1, conditions=wrong)
    assert not (tmp_path / "none").exists(), "no folder for nothing"


def test_they_are_compared(runs, tmp_path):
    compare = runpy.run_path(str(FOLDER / "compare.py"))["compare"]
    table = compare([runs[name].folder for name in NAMES], tmp_path / "baselines.html", 160)
    rows = {line.split("  ")[0]: line.split()[-1] for line in table.splitlines()[1:]}
    reconstructing = ["real, other heads", "reconstructed, other heads", "sampled"]
    expected = {"autoencoder": reconstructing, "vae": reconstructing}
    named = [f"{name}: {row}" for name in NAMES for row in expected.get(name, ["real, other heads", "sampled"])]
    assert list(rows) == named
    assert float(rows["projection_gan: real, other heads"]) > 0.9, "the nearest real slice has the same contrast"
    page = (tmp_path / "baselines.html").read_text()
    assert "SYNTHETIC" in page
    assert page.count("<img") == 3 + 4 + 2 + 2 * 2, "of the conditional GAN for both contrasts"


def test_what_cannot_be_compared_gives_one_line(tmp_path):
    script = [sys.executable, str(FOLDER / "compare.py"), "nowhere"]
    done = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "error: " in done.stderr

"""The commands of pipelines/mismatch_sweep, in their order, on the sample data."""

import csv
import runpy

import pytest

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.recipe import load_recipe
from medtrans.stages.train import train

FOLDER = pipelines_folder() / "mismatch_sweep"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mismatch")
    recipes = {"fixed": "mismatch_sweep", "randomised": "mismatch_sweep/randomised"}
    for name, recipe in recipes.items():
        train(load_recipe(find_recipe(recipe), quick=True), folder / name)
    script = runpy.run_path(str(FOLDER / "sweep.py"))
    few = {"box profile": script["OTHERS"]["box profile"], "SNR 20": script["OTHERS"]["SNR 20"]}
    script["sweep"].__globals__.update(THICKNESSES=(5, 8), OTHERS=few)
    rows = script["sweep"]([folder / name for name in recipes], folder / "sweep", weight=1e-3)
    return script, rows, folder / "sweep"


def test_each_model_and_interpolation_are_scored_on_each_degradation(swept):
    script, rows, _ = swept
    models = {"fixed", "randomised"}
    consistent = {name + script["CONSISTENT"] for name in models}
    assert {row.system for row in rows} == {*models, *consistent, "interpolation", "total variation"}
    assert {(row.degradation, row.mismatch) for row in rows} == {
        ("5 mm", "same"),
        ("8 mm", "stronger"),
        ("box profile", "other kind"),
        ("SNR 20", "chain"),
    }
    cases = len({row.case for row in rows})
    assert sum(row.metric in script["METRICS"] for row in rows) == (4 * 3 + 3 * 3) * 3 * cases
    linear = [row for row in rows if row.metric in script["OPERATOR_METRICS"]]
    assert len(linear) == 3 * 6 * 2 * cases, "a chain with noise is not linear"
    assert all(row.value >= 0 for row in linear)
    residuals = {
        row.system: row.value for row in rows if (row.degradation, row.metric) == ("8 mm", "measurement_residual")
    }
    assert residuals["fixed, consistent"] < 0.01 < residuals["fixed"]
    assert residuals["total variation"] < residuals["interpolation"]
    values = {(row.degradation, row.metric): row.value for row in rows if row.system == "interpolation"}
    assert values["8 mm", "psnr"] < values["5 mm", "psnr"]


def test_table_and_figure_are_written_and_a_beaten_model_is_marked(swept):
    script, rows, folder = swept
    script["write"](rows, folder)
    table = (folder / "sweep.md").read_text()
    assert "| 8 mm | stronger |" in table
    assert "gain over interpolation" in table.splitlines()[0]
    assert table.count("(beaten)") >= 8, "a model of four steps does not beat interpolation"
    assert "| SNR 20 | chain |" in table
    assert "–" in table, "a chain has no data consistency"
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")
    with (folder / "sweep.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(rows)


def test_the_readme_names_the_commands():
    readme = (FOLDER / "README.md").read_text()
    for words in ("medtrans run mismatch_sweep ", "medtrans run mismatch_sweep/randomised ", "sweep.py runs/fixed"):
        assert words in readme

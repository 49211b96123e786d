"""Any translator takes the place of the pipeline's own, and they are compared."""

import pytest

from medtrans import methods
from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.recipe import load_recipe
from medtrans.stages.compare import compare, write_comparison
from medtrans.stages.run import run

README = (pipelines_folder() / "compare_methods" / "README.md").read_text()
NAMED = README.partition("for method in ")[2].partition(";")[0].split()
SMALL = {
    "regression": "{name: regression, generator: {name: unet, channels: [4, 8]}}",
    "cut": "{name: cut, generator: {name: unet, channels: [4, 8]}, discriminator: {filters: 4}}",
    "rectified_flow": "{name: rectified_flow, velocity: {channels: [4, 8]}, steps: 2}",
}


@pytest.mark.parametrize("name", NAMED)
def test_each_named_translator_fits_the_recipe(name):
    recipe = load_recipe(find_recipe("compare_methods"), [f"method={{name: {name}}}"])
    assert hasattr(methods.load(name), "translate")
    assert recipe.training.clock == "cpu"


def test_they_are_run_and_compared(tmp_path):
    for name, method in SMALL.items():
        changes = [f"method={method}", "training.minutes=null", "preparing.patch=[32, 32]"]
        run(load_recipe(find_recipe("compare_methods"), changes, quick=True), tmp_path / name)
    found = compare([tmp_path / name for name in SMALL])
    (psnr,) = [table for table in found.comparison.tables if table.metric.label == "psnr"]
    assert {*SMALL, "baseline: copied source"} <= {line.system for line in psnr.lines}
    assert write_comparison(tmp_path / "compared", found).exists()

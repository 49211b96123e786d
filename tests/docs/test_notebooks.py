"""The notebooks run from the first cell to the last, hold no results, and become pages of the site."""

import importlib.util
import json
from pathlib import Path

import matplotlib
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def cells(path, kind="code"):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["first_translation", "is_my_result_true", "my_own_recipe"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_results(path):
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path))


RUN = [pytest.param(path, marks=() if path.stem == "first_translation" else pytest.mark.slow) for path in NOTEBOOKS]


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells(path), 1):
        exec(compile("".join(cell["source"]), f"{path.name}, code cell {number}", "exec"), names)  # noqa: S102
    assert (tmp_path / path.stem).is_dir()


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the extra docs is not installed")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_page_shows_every_cell(path):
    hook = Path(__file__).parents[2] / "docs" / "notebook_hook.py"
    spec = importlib.util.spec_from_file_location("notebook_hook", hook)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.page(path)
    assert page.startswith("# ")
    for cell in cells(path) + cells(path, "markdown"):
        assert "".join(cell["source"]) in page

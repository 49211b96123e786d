"""Catalogue of what can be chosen: methods, networks, metrics, degradations, presets, pipelines, shipped models."""

from __future__ import annotations

import importlib
from importlib.resources import files
from pathlib import Path

from medtrans.core.errors import UsageError
from medtrans.core.registry import Entry
from medtrans.core.suggestions import did_you_mean
from medtrans.core.tables import text_table
from medtrans.core.yaml_text import MAX_RECIPE_BYTES, parse_yaml
from medtrans.reading.storage import read_bytes

FAMILIES = ("methods", "networks", "metrics", "degradations")
LISTS = (*FAMILIES, "presets", "pipelines", "models")


def entries(name: str) -> list[Entry]:
    """The members of a family, the presets, the pipelines, or the shipped models. Raises UsageError."""
    if name in FAMILIES:
        members: list[Entry] = importlib.import_module(f"medtrans.{name}").entries()
        return members
    if name == "presets":
        presets = importlib.import_module("medtrans.evaluating.presets").PRESETS
        return [Entry(key, preset.summary, preset.source) for key, preset in presets.items()]
    if name == "pipelines":
        return [_pipeline(key, file) for key, file in recipes().items()]
    if name == "models":
        return [model.entry for model in importlib.import_module("medtrans.models.zoo").shipped()]
    raise UsageError("list", f"there is no list named {name!r}", did_you_mean(name, LISTS))


def to_text(members: list[Entry]) -> str:
    """Name, summary, facts and source, aligned."""
    rows = []
    for entry in members:
        first, *more = [text for text in (entry.summary, entry.facts, entry.source) if text] or [""]
        rows += [{"name": entry.name, "text": first}, *({"text": text} for text in more)]
    return text_table(rows, left=("text",), header=False)


def pipelines_folder() -> Path:
    """The folder of pipelines: installed inside the package, in a checkout beside it."""
    installed = Path(str(files("medtrans") / "pipelines"))
    return installed if installed.is_dir() else Path(__file__).parent.parent / "pipelines"


def recipes() -> dict[str, Path]:
    """Name of a pipeline → its recipe: `folder` for folder/recipe.yaml, `folder/other` for another recipe in it."""
    found = sorted(pipelines_folder().glob("*/*.yaml"))
    return {file.parent.name + ("" if file.stem == "recipe" else f"/{file.stem}"): file for file in found}


def find_recipe(name: str) -> Path:
    """The recipe file at a path, in a folder, or of a pipeline. Raises UsageError."""
    known = recipes()
    for path in (Path(name), Path(name) / "recipe.yaml", known.get(name)):
        if path is not None and path.is_file():
            return path
    raise UsageError(name, "is neither a recipe file nor a pipeline", did_you_mean(name, known))


def _pipeline(name: str, file: Path) -> Entry:
    recipe = parse_yaml(read_bytes(file, MAX_RECIPE_BYTES).decode(), file)
    return Entry(name, str(recipe.get("about", "")).strip(), str(file))

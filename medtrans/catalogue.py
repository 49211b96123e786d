"""Catalogue of what can be chosen: methods, networks, metrics, degradations, presets, pipelines, shipped models."""

from __future__ import annotations

import importlib
import json
import textwrap
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from medtrans.core.errors import UsageError
from medtrans.core.registry import Entry
from medtrans.core.setting_rows import Row, all_parts, members_of, nested, rows
from medtrans.core.settings import Settings, hints_of
from medtrans.core.suggestions import did_you_mean
from medtrans.core.tables import text_table
from medtrans.core.yaml_text import MAX_RECIPE_BYTES, parse_yaml
from medtrans.reading.storage import read_bytes

FAMILIES = ("methods", "networks", "metrics", "degradations")
NO_STAGES = ("name", "about", "quick")
"""Keys of a recipe that have no settings."""
MAX_SCHEMA_BYTES = 1 << 22
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
    raise UsageError("list", f"there is no list named {name!r}", did_you_mean(name, (*LISTS, "settings")))


def setting_rows(path: str) -> list[Row]:
    """The settings below a path of a recipe, such as training, training.steps or method.pix2pix.generator.unet.

    Without a path, those of all stages. Raises UsageError with a suggestion.
    """
    _refuse_unknown_stage(path.partition(".")[0])
    stages = importlib.import_module("medtrans.recipe").STAGES
    if not path:
        return [row for stage, kind in stages.items() for row in rows(kind, f"{stage}.")]
    parts, place = dict(stages), ""
    methods = importlib.import_module("medtrans.methods")
    words = path.split(".")
    if words[0] == "method":
        parts, place, words = {name: methods.load(name).Settings for name in methods.names()}, "method.", words[1:]
        if not words:
            return [Row("method.name", ", ".join(parts), "required", "The method: list settings method.NAME")]
    return _rows_below(parts, words, place)


def _refuse_unknown_stage(word: str) -> None:
    """Raises UsageError with a suggestion, by the shipped schema: the stages themselves load torch, for seconds."""
    schema = pipelines_folder() / "recipe.schema.json"
    if word and schema.is_file():
        known = json.loads(read_bytes(schema, MAX_SCHEMA_BYTES))["properties"]
        stages = [key for key in known if key not in NO_STAGES]
        if word not in stages:
            raise UsageError(f"settings {word}", f"nothing is named {word!r}", did_you_mean(word, stages))


def _rows_below(parts: Mapping[str, type[Settings]], words: list[str], place: str) -> list[Row]:
    """The rows of a part, of a key of it, or of a part that such a key may be."""
    first, *rest = words
    if first not in parts:
        raise UsageError(f"settings {place}{first}", f"nothing is named {first!r}", did_you_mean(first, parts))
    kind, place = parts[first], f"{place}{first}."
    known = list(rows(kind, place))
    if not rest:
        return known
    for count in range(len(rest), 0, -1):
        key = place + ".".join(rest[:count])
        found = [row for row in known if row.key == key or row.key.startswith(f"{key}.")]
        if found and count == len(rest):
            return found
        if found:
            return _rows_below(_parts_of(kind, rest[:count]), rest[count:], f"{key}.")
    names = [row.key.removeprefix(place) for row in known]
    raise UsageError(f"settings {place}{rest[0]}", f"no setting named {rest[0]!r}", did_you_mean(rest[0], names))


def _parts_of(kind: type[Settings], words: list[str]) -> dict[str, type[Settings]]:
    """The parts that a list or a table of a setting may name."""
    hint = hints_of(kind)[words[0]]
    inner = nested(hint)
    if len(words) > 1 and inner:
        return _parts_of(inner, words[1:])
    return dict(found for each in all_parts(hint) for found in members_of(each).items())


def to_text(members: list[Entry]) -> str:
    """Name, summary, facts and source, aligned."""
    rows = []
    for entry in members:
        first, *more = [text for text in (entry.summary, entry.facts, entry.source) if text] or [""]
        rows += [{"name": entry.name, "text": first}, *({"text": text} for text in more)]
    return text_table(rows, left=("text",), header=False)


def settings_text(found: list[Row]) -> str:
    """Key, default and values of each setting, and its meaning below."""
    lines = []
    for row in found:
        values = "" if row.values == "table" else f"  ({row.values})"
        meaning = textwrap.indent(textwrap.fill(row.meaning, 100), "    ") if row.meaning else ""
        lines += [f"{row.key}: {row.default}{values}", *filter(None, [meaning])]
    return "\n".join(lines)


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

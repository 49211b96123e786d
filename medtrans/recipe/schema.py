"""JSON schema of a whole recipe."""

from __future__ import annotations

from typing import Any

from medtrans import methods
from medtrans.core.json_schema import SchemaWriter, table
from medtrans.recipe._tables import STAGES

FILE = "recipe.schema.json"
"""Its name beside recipes, and in the folder of the pipelines."""


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a recipe, for editors that complete recipes and underline mistakes."""
    writer = SchemaWriter()
    properties: dict[str, Any] = {"name": {"type": "string"}, "about": {"type": "string"}}
    properties |= {stage: writer.of_class(kind) for stage, kind in STAGES.items()}
    for definition in writer.definitions.values():
        definition.pop("required", None)  # What is missing another stage may bring: degrading makes the sources.
    properties["method"] = writer.of_parts({name: methods.load(name).Settings for name in methods.names()})
    properties["quick"] = {"type": "object", "description": "Changes to all of these for --quick."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Recipe of medtrans",
        **table(properties, ["method", "reading"]),
        "$defs": writer.definitions,
    }

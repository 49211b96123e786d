"""The JSON schema of a recipe agrees with what is accepted, and every shipped recipe names it."""

import copy
import json
import re

import jsonschema
import pytest
import yaml

from medtrans.catalogue import pipelines_folder, recipes
from medtrans.recipe import schema
from medtrans.recipe.schema import FILE

SCHEMA = schema()
RECIPES = recipes()


def problems(values):
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(values)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_file_is_the_schema():
    shipped = json.loads((pipelines_folder() / FILE).read_text())
    assert shipped == SCHEMA, "run: medtrans schema > pipelines/recipe.schema.json"


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_fits_and_names_the_schema(name):
    text = RECIPES[name].read_text()
    link = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", text.partition("\n")[0])
    assert (RECIPES[name].parent / link[1]).resolve() == (pipelines_folder() / FILE).resolve()
    assert problems(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["stps"], 3),
        (["training", "stps"], 3),
        (["training", "steps"], "many"),
        (["training", "schedule"], "cosin"),
        (["training", "batch"], 0),
        (["method", "name"], "regresion"),
        (["method", "generater"], {}),
        (["method", "generator", "name"], "unett"),
        (["method", "generator", "chanels"], [3]),
        (["preparing", "source_normalisation", "lo"], 3),
        (["preparing", "augmentation"], [{"name": "rotation", "degree": 3}]),
        (["reading", "source", "modality"], "MRI"),
    ],
    ids=str,
)
def test_a_mistake_is_underlined(path, value):
    values = yaml.safe_load(RECIPES["t1_to_t2"].read_text())
    changed = copy.deepcopy(values)
    table = changed
    for key in path[:-1]:
        table = table.setdefault(key, {})
    table[path[-1]] = value
    assert problems(changed) != []


def test_the_meaning_of_a_key_is_in_it():
    text = json.dumps(SCHEMA)
    assert "Optimiser steps of each player." in text

"""The documentation agrees with the code: commands, options, recipe keys, file names, imports and links exist."""

import ast
import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import pytest
import typer.main
import yaml

import medtrans
from medtrans import methods
from medtrans.cli import app
from medtrans.core.renamed_keys import KEYS, OPTIONS, VALUES
from medtrans.core.settings import MemberOf, Settings
from medtrans.recipe import STAGES, load_recipe, make_recipe

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("pipelines/*/README.md")),
]
COMMANDS = typer.main.get_command(app).commands
ALWAYS = {"--help", "--debug", "--log"}
SCRIPTS = sorted(ROOT.glob("docs/benchmarks/*.sh"))
PROGRAMS = sorted([*ROOT.glob("docs/**/*.py"), *ROOT.glob("pipelines/**/*.py")])
COMMAND = re.compile(r"(?<![\w./-])medtrans ([a-z].*?)(?=&&|;|$)")
GENERATED = re.compile(r"(\.\./)?reference/\w+\.md|decisions/index\.md")
"""Pages that docs/reference_hook.py makes."""
FRAGMENT = {
    "reading": {
        "source": {"pattern": "*_MR.nii.gz", "modality": "MR"},
        "target": {"pattern": "*_CT.nii.gz", "modality": "CT"},
    },
    "method": {"name": "regression"},
}
"""What a fragment of a recipe is completed with."""


def text_of(page):
    return page.read_text(encoding="utf-8")


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def without_blocks(text):
    """Without fenced code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def inline(text):
    """The inline code, each span on one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", without_blocks(text))]


def commands(text):
    """Every `medtrans …` in indented code and in inline code, continued lines joined."""
    lines = re.findall(r"^    (.*)", without_blocks(text).replace("\\\n", " "), re.MULTILINE)
    return [command for line in [*lines, *inline(text)] for command in COMMAND.findall(line)]


def commands_of_script(text):
    lines = [line for line in text.replace("\\\n", " ").split("\n") if not line.lstrip().startswith("#")]
    return [command for line in lines for command in COMMAND.findall(line)]


def without_quotes(command):
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", command)


def classes(hint):
    """The Settings classes of which a table of this type may be."""
    if isinstance(hint, type):
        return [hint] if issubclass(hint, Settings) else []
    notes = [note for note in getattr(hint, "__metadata__", ()) if isinstance(note, MemberOf)]
    if notes:
        base = get_args(hint)[0]
        return [notes[0].load(name, base, "") for name in notes[0].allowed(base)]
    parts = get_args(hint)[:1] if get_origin(hint) is not None and hasattr(hint, "__metadata__") else get_args(hint)
    return [kind for part in parts for kind in classes(part)]


def is_key(path):
    """Whether a dotted path, such as method.generator.channels, is a key of a recipe."""
    stage, *keys = path.split(".")
    if stage not in STAGES and stage != "method":
        return path in ("name", "about")
    kinds = [STAGES[stage]] if stage in STAGES else [methods.load(name).Settings for name in methods.names()]
    if keys == ["name"] and stage == "method":
        return True
    for key in keys:
        hints = [get_type_hints(kind, include_extras=True) for kind in kinds]
        found = [hint[key] for hint in hints if key in hint]
        if not found:
            return False
        kinds = [kind for hint in found for kind in classes(hint)]
    return True


@pytest.mark.parametrize("page", [*PAGES, *SCRIPTS], ids=name_of)
def test_every_command_has_a_verb_and_options_that_exist(page):
    found = commands_of_script(text_of(page)) if page in SCRIPTS else commands(text_of(page))
    assert found or page not in SCRIPTS
    for command in found:
        verb, *rest = command.split()
        assert verb in COMMANDS, f"medtrans {command}"
        meant = COMMANDS[verb]
        if (inner := getattr(meant, "commands", {})) and rest:
            assert rest[0] in inner, f"medtrans {command}"
            meant = inner[rest[0]]
        known = ALWAYS.union(*(parameter.opts + parameter.secondary_opts for parameter in meant.params))
        given = re.findall(r"(?<!\S)--?[A-Za-z][\w-]*", without_quotes(command))
        assert set(given) <= known, f"medtrans {command}"


@pytest.mark.parametrize("page", [*PAGES, *SCRIPTS], ids=name_of)
def test_every_key_that_is_set_exists(page):
    text = text_of(page)
    for key in re.findall(r"--set\s+[\"']?([A-Za-z_.]+)=", text):
        assert is_key(key), key
    stages = "|".join([*STAGES, "method"])
    for span in inline(text):
        if found := re.match(rf"((?:{stages})\.[a-z_0-9]+(?:\.[a-z_0-9]+)*)(?=$|[ :=])", span):
            assert is_key(found[1]), span


def test_a_key_that_does_not_exist_is_noticed():
    assert is_key("method.generator.channels")
    assert is_key("evaluating.segmentation.model")
    assert not is_key("evaluating.also")
    assert not is_key("reading.source.colour")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_yaml_block_is_part_of_a_valid_recipe(page):
    for block in blocks(text_of(page), "yaml"):
        recipe = make_recipe({**FRAGMENT, **yaml.safe_load(block)}, where=name_of(page))
        assert recipe.method in methods.names()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_block_compiles_and_imports_names_that_exist(page):
    for block in blocks(text_of(page), "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module == "medtrans":
                assert {alias.name for alias in node.names} <= set(medtrans.__all__), block


def test_the_changelog_names_everything_that_is_refused_as_an_old_name():
    names = set(re.findall(r"[-\w]+", text_of(ROOT / "CHANGELOG.md")))
    old = (
        {key.rpartition(".")[2] for key in KEYS}
        | set(OPTIONS)
        | {value for table in VALUES.values() for value in table}
    )
    new = {re.match(r"[-\w]+", words)[0] for table in (KEYS, OPTIONS, *VALUES.values()) for words in table.values()}
    assert old | new <= names


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_every_program_imports_names_that_exist(program):
    for node in ast.walk(ast.parse(text_of(program))):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "medtrans":
            module = importlib.import_module(node.module)
            for alias in node.names:
                exists = hasattr(module, alias.name) or importlib.util.find_spec(f"{node.module}.{alias.name}")
                assert exists, f"from {node.module} import {alias.name}"


@pytest.mark.parametrize("recipe", sorted(ROOT.glob("docs/benchmarks/*.yaml")), ids=name_of)
def test_every_recipe_of_the_benchmarks_is_valid(recipe):
    assert load_recipe(recipe).method in methods.names()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_every_relative_link_leads_to_a_file(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        path = link.partition("#")[0]
        if path and "://" not in path and not GENERATED.fullmatch(path):
            assert (page.parent / path).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_exists(page):
    for span in inline(text_of(page)):
        if re.fullmatch(r"(medtrans|tests|docs|pipelines)/[\w/.-]+", span) and "NAME" not in span:
            path = ROOT / span
            assert path.exists() or list(path.parent.glob(f"{path.name}*")), span


def test_the_site_builds_without_a_warning(tmp_path):
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed: pip install '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", ROOT / "mkdocs.yml", "-d", tmp_path]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=300, check=False)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr, built.stderr
    assert "generator" in (tmp_path / "reference" / "methods.html").read_text(encoding="utf-8")

"""Reference pages of the documentation, generated from the code when the site is built: mkdocs build --strict

Recipe keys come from the Settings classes (names, types, defaults, the text below each field); methods, networks,
metrics, presets and pipelines from the catalogue. Nothing on these pages is typed by hand.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from medtrans import catalogue
from medtrans.core.settings import Settings
from medtrans.recipe import STAGES

FAMILIES = {
    "methods": "Methods. The name is `method.name` of a recipe.",
    "networks": "Networks. The name is used where a method takes a network, such as `method.generator`.",
    "metrics": "Metrics. The name is used in `evaluating.metrics` and with `medtrans evaluate --metric`.",
    "presets": "Presets: sets of metrics with one exact definition each (`evaluating.preset`).",
    "pipelines": "Pipelines that are installed with medtrans: `medtrans run NAME`.",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and an index of the decisions, to the site."""
    pages = {"reference/recipe.md": recipe_page(), "decisions/index.md": decisions_page(Path(config.docs_dir))}
    for family, text in FAMILIES.items():
        pages[f"reference/{family}.md"] = family_page(family, text)
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def recipe_page() -> str:
    """Every key of every stage with its type, default and explanation."""
    parts = ["# Recipe keys", "Generated from the code. The keys of `method` are on the page of methods."]
    for stage, kind in STAGES.items():
        parts += [f"## {stage}", *settings_rows(kind)]
    return "\n\n".join(parts)


def family_page(family: str, text: str) -> str:
    """One heading per member: summary, facts, source, and for methods and networks their settings."""
    parts = [f"# {family.capitalize()}", text]
    for entry in catalogue.entries(family):
        source = f"<{entry.source}>" if entry.source.startswith("http") else ""
        parts += [f"## {entry.name}", entry.summary, entry.facts, source]
        parts += settings_rows(settings_of(family, entry.name))
    return "\n\n".join(part for part in parts if part)


def settings_of(family: str, name: str) -> type[Settings] | None:
    """The Settings class of a member, where its family has one."""
    if family == "methods":
        from medtrans import methods

        return methods.load(name).Settings
    if family == "networks":
        from medtrans import networks

        return networks.load(name)
    return None


def settings_rows(kind: type[Settings] | None) -> list[str]:
    """A table of the fields of a Settings class; nothing for a class without fields."""
    if kind is None or not fields(kind):
        return []
    explained = {key: text for parent in reversed(kind.__mro__) for key, text in docstrings(parent)}
    rows = [f"| `{field.name}` | `{default(field)}` | {cell(explained.get(field.name, ''))} |" for field in fields(kind)]
    return ["\n".join(["| key | default | meaning |", "|---|---|---|", *rows])]


def docstrings(kind: type) -> Iterator[tuple[str, str]]:
    """Names of annotated fields and the string below each."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, text in zip(body, body[1:], strict=False):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield field.target.id, str(text.value.value)  # type: ignore[union-attr]


def default(field: Field[Any]) -> str:
    """The default as YAML would have it, in short."""
    if field.default is MISSING:
        return "required" if field.default_factory is MISSING else "{}"
    value = field.default
    if isinstance(value, Settings):
        name = getattr(value, "name", None)
        return f"{{name: {name}}}" if name else "see below"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if value != "" else '""'


def cell(text: str) -> str:
    """Text that fits into one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def decisions_page(docs: Path) -> str:
    """The decisions by number, each with its title."""
    rows = []
    for file in sorted((docs / "decisions").glob("[0-9]*.md")):
        title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        rows.append(f"- [{title}]({file.name})")
    return "# Decisions\n\nWhat was decided, why, and what else was considered.\n\n" + "\n".join(rows)

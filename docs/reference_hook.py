"""Reference pages of the documentation, generated from the code when the site is built: mkdocs build --strict

Recipe keys come from the Settings classes (names, values, defaults, the text below each field); methods, networks,
metrics, normalisation, transforms, degradations, presets and pipelines from their registries. Nothing on these pages is
typed by hand.
"""

from __future__ import annotations

import importlib
import re
import textwrap
import types
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from medtrans import catalogue, methods, metrics, networks
from medtrans.core.registry import Entry
from medtrans.core.setting_rows import named, rows, yaml_line
from medtrans.core.settings import MemberOf, Settings
from medtrans.models import zoo
from medtrans.models.config import CARD
from medtrans.recipe import STAGES

FAMILIES = {
    "methods": "The name is `method.name` of a recipe. *Published* is the value of the paper where it differs.",
    "networks": "The name is used where a method takes a network, such as `method.generator`.",
    "metrics": "The name is used in `evaluating.metrics` and with `medtrans evaluate --metric`.",
    "presets": "Sets of metrics with one exact definition each (`evaluating.preset`).",
}
PARTS = {
    "Normalisation": ("medtrans.preparing.normalisation", "`preparing.source_normalisation`, `target_normalisation`"),
    "Spatial transforms": ("medtrans.preparing.transforms", "`preparing.augmentation`, of source, target and mask"),
    "Degradations": ("medtrans.degradations", "`degrading.chain`; of the local ones also `preparing.augmentation`"),
    "Combinations of degradations": ("medtrans.degradations._combinations", "`degrading.chain`"),
}
"""Heading on the page of preparing → package, and where its names are used."""
PAGE_OF = {"medtrans.networks": "networks.md", **{package: "preparing.md" for package, _ in PARTS.values()}}
BOUNDS = {"ge": "≥", "gt": "&gt;", "le": "≤", "lt": "&lt;"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and an index of the decisions, to the site."""
    pages = {
        "reference/recipe.md": recipe_page(),
        "reference/preparing.md": parts_page(),
        "reference/pipelines.md": pipelines_page(),
        "reference/models.md": models_page(),
        "decisions/index.md": decisions_page(Path(config.docs_dir)),
    }
    for family, text in FAMILIES.items():
        pages[f"reference/{family}.md"] = family_page(family, text)
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def recipe_page() -> str:
    """Every key of every stage with its values, default and explanation."""
    about = "Generated from the code. `name`, `about` and `quick` are keys of the recipe itself."
    chapters = [f"## {stage}\n\n{table(kind)}" for stage, kind in STAGES.items()]
    method = "## method\n\n`method.name` and the keys of that method: see [Methods](methods.md)."
    return "\n\n".join(["# Recipe keys", about, *chapters[:3], method, *chapters[3:]])


def parts_page() -> str:
    """Normalisation, spatial transforms and degradations: what the lists and tables of `preparing` may name."""
    parts = ["# Normalisation and augmentation"]
    for heading, (package, keys) in PARTS.items():
        family = importlib.import_module(package)
        parts += [f"## {heading}", f"The name is used in {keys}."]
        parts += [member(package, entry, family.load(entry.name), "###") for entry in family.entries()]
    return "\n\n".join(parts)


def family_page(family: str, text: str) -> str:
    """One heading per member."""
    parts = [f"# {family.capitalize()}", text]
    for entry in catalogue.entries(family):
        kind: type[Settings] | None = None
        if family == "methods":
            kind = methods.load(entry.name).Settings
        elif family == "networks":
            kind = networks.load(entry.name)
        elif family == "metrics":
            kind = metric(entry.name)
        parts.append(member(f"medtrans.{family}", entry, kind, "##"))
    return "\n\n".join(parts)


def pipelines_page() -> str:
    """The README of each pipeline, and its recipes."""
    parts = ["# Pipelines", "Installed with medtrans: `medtrans run NAME`."]
    for readme in sorted(catalogue.pipelines_folder().glob("*/README.md")):
        text = re.sub(r"^#", "##", readme.read_text(encoding="utf-8"), flags=re.MULTILINE).strip()
        parts.append(text.replace("](../../docs/", "](../"))  # the link as seen from this page
        own = [entry for entry in catalogue.entries("pipelines") if entry.name.partition("/")[0] == readme.parent.name]
        parts.append(
            "\n".join(["| name | recipe |", "|---|---|", *(f"| `{e.name}` | {inline(e.summary)} |" for e in own)])
        )
    return "\n\n".join(parts)


def models_page() -> str:
    """The shipped models: what each says of itself, and the card of its first network."""
    parts = [
        "# Shipped models",
        "Inside the package: `medtrans translate -m NAME`. Scores were written by the script of each pipeline.",
    ]
    for model in zoo.shipped():
        card = (model.members[0] / CARD).read_text(encoding="utf-8").partition("\n")[2]
        own = re.sub(r"^#", "##", card, flags=re.MULTILINE).strip()
        parts += [
            f"## {model.name}",
            f"{inline(model.about)} {inline(model.entry.facts)}. {inline(model.figure)}.",
            own,
        ]
    return "\n\n".join(parts)


def metric(name: str) -> type[Settings]:
    """A metric of any of the four families."""
    families = [metrics.image, metrics.uncertainty, metrics.operator, metrics.distribution]
    return next(family.load(name) for family in families if name in family.names())


def member(package: str, entry: Entry, kind: type[Settings] | None, heading: str) -> str:
    """Summary, facts, the equations and papers of the module, and the settings."""
    owner = methods.load(entry.name) if package == "medtrans.methods" else kind
    text = (owner and importlib.import_module(owner.__module__).__doc__) or ""
    parts = [
        f"{heading} {entry.name}",
        inline(entry.summary),
        inline(entry.facts.partition("; published")[0]),
        body(text),
    ]
    if not text and entry.source.startswith("http"):
        parts.append(f"<{entry.source}>")
    published = getattr(owner, "PUBLISHED", None) if kind else None
    parts += [table(kind, published) if kind else ""]
    return "\n\n".join(part for part in parts if part)


def table(kind: type[Settings], published: Settings | None = None) -> str:
    """The settings of a class; nothing for a class without settings. `published` adds a column."""
    found = [row._replace(meaning=inline(row.meaning)) for row in rows(kind, values=values)]
    if not found:
        return ""
    papers, own = (dict(flat(settings)) for settings in (published, kind())) if published else ({}, {})
    head = ["key", "values", "default", *(["published"] if published else []), "meaning"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for key, allowed, default, meaning in found:
        differs = differences(key, papers, own)
        cells = [f"`{key}`", allowed, f"`{default}`", *([differs] if published else []), meaning]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def differences(key: str, papers: dict[str, Any], own: dict[str, Any]) -> str:
    """The published values of a key, and of the keys below it, that are not the defaults."""
    changed = {
        name: value
        for name, value in papers.items()
        if (name == key or name.startswith(f"{key}.")) and own.get(name) != value
    }
    words = [
        f"`{name.removeprefix(key).lstrip('.') + ': ' if name != key else ''}{yaml_line(value)}`"
        for name, value in changed.items()
    ]
    return ", ".join(words).replace("|", "\\|")


def flat(settings: Settings, above: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of settings and of all settings in them."""
    for field in fields(settings):
        value, key = getattr(settings, field.name), f"{above}{field.name}"
        if isinstance(value, Settings):
            yield from flat(value, f"{key}.")
        else:
            yield key, value


def values(hint: Any) -> str:
    """Which values a setting may have, in short; names of parts are links."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind, *notes = parts
        for note in notes:
            if isinstance(note, MemberOf):
                page = PAGE_OF[note.package]
                return ", ".join(f"[{name}]({page}#{name})" for name in note.allowed(kind))
        limits = [
            f"{sign} {getattr(note, key)}" for note in notes for key, sign in BOUNDS.items() if hasattr(note, key)
        ]
        return " ".join([values(kind), ", ".join(limits).replace("<", "&lt;").replace(">", "&gt;")]).strip()
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(values(part) for part in parts))
    if origin is tuple:
        return f"list of: {values(parts[0])}"
    if origin is dict:
        return "table"
    names = {int: "integer", float: "number", str: "text", bool: "true, false", Path: "path", type(None): "null"}
    if isinstance(hint, type) and issubclass(hint, Settings):
        return ", ".join(f"[{name}](networks.md#{name})" for name in named(hint)) or "table"
    return names.get(hint, "value")


def body(docstring: str) -> str:
    """A module's docstring without its first line: equations are indented and become code, the rest is text."""
    lines = textwrap.dedent(docstring.partition("\n")[2]).strip("\n").split("\n")
    return "\n".join(line if line.startswith("    ") else inline(line) for line in lines)


def inline(text: str) -> str:
    """Text of one paragraph or cell: addresses become links, other special characters are shown as they are."""
    words = re.split(r"(`[^`]*`|https?://[^\s,;]+[^\s,;.)])", " ".join(text.split()))
    escaped = [re.sub(r"([*_|\[\]])", r"\\\1", word).replace("<", "&lt;") for word in words[::2]]
    kept = [word.replace("|", "\\|") if word.startswith("`") else f"<{word}>" for word in words[1::2]]
    return "".join(one + other for one, other in zip(escaped, [*kept, ""], strict=True))


def decisions_page(docs: Path) -> str:
    """The decisions by number, each with its title."""
    found = []
    for file in sorted((docs / "decisions").glob("[0-9]*.md")):
        title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        found.append(f"- [{title}]({file.name})")
    return "# Decisions\n\nWhat was decided, why, and what else was considered.\n\n" + "\n".join(found)

"""YAML text of untrusted origin: plain values only, no anchors, no key twice, one clear error for each mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from medtrans.core.errors import UsageError

MAX_RECIPE_BYTES = 1 << 18
"""Parsing YAML takes up to 20 seconds per megabyte, so a larger file is a mistake or an attack."""
MAX_DEPTH = 32
LONG_TEXT = 1 << 14
"""Characters from which the parser in C is taken, which is ten times faster and less exact about lines."""


class _UniqueKeys:
    """Refuses a key that a table holds twice, of which plain YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    what = f"the key {key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(problem=what, problem_mark=key.start_mark)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep=deep)  # type: ignore[misc,no-any-return]


class _Loader(_UniqueKeys, yaml.SafeLoader):
    pass


class _FastLoader(_UniqueKeys, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    pass


def parse_yaml(text: str, where: str | Path) -> Any:
    """Plain values of a whole document. Raises UsageError, with the line, for what is not plain YAML."""
    loader = _FastLoader if len(text) > LONG_TEXT else _Loader
    try:
        _refuse_anchors_and_depth(text, loader, where)
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as reason:
        mark = getattr(reason, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = str(getattr(reason, "problem", None) or reason).partition("\n")[0]
        raise UsageError(where, f"is not YAML{line}: {problem}", "correct that line") from reason
    except (ValueError, OverflowError, TypeError) as reason:
        raise UsageError(where, f"holds a value that cannot be read ({reason})", "correct it") from reason


def parse_word(text: str, where: str) -> Any:
    """The value of one word of the command line; a pattern such as *_T1.nii.gz is itself. Raises UsageError."""
    if text.startswith("*"):
        return text
    try:
        return parse_yaml(text, where)
    except UsageError as reason:
        if isinstance(reason.__cause__, yaml.YAMLError):
            raise UsageError(where, "the value is not YAML", "put it in quotes") from reason
        raise


def _refuse_anchors_and_depth(text: str, loader: Any, where: str | Path) -> None:
    """Raises UsageError on anchors, which can expand without limit, and on deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UsageError(where, "has a YAML anchor or alias, which can expand without limit", "write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise UsageError(where, f"is nested more than {MAX_DEPTH} levels deep", "check that it is a recipe")


def change_of(change: str) -> dict[str, Any]:
    """The table of a change "key.key=value", the value in YAML. Raises UsageError."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set {change}", "is not key=value", "for example --set training.steps=1000")
    value = parse_word(text, f"--set {change}")
    for part in reversed(key.strip().split(".")):
        value = {part: value}
    return dict(value)


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`values` updated with `changes`, table by table; a table with another `name` replaces the old one whole.

    In the place of a table with a name, a word alone is that name.
    """
    out = dict(values)
    for key, new in changes.items():
        old = out.get(key)
        if isinstance(old, Mapping) and "name" in old and isinstance(new, str):
            new = {"name": new}
        if isinstance(old, Mapping) and isinstance(new, Mapping) and new.get("name") in (None, old.get("name")):
            new = merged(old, new)
        out[key] = new
    return out

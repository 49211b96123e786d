"""Methods: one paper per file; the name of the file is the name in recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from medtrans.core.method import Method
from medtrans.core.registry import Entry, Registry

registry = Registry(__name__, Method)
names, load = registry.names, registry.load

PAIRS = {"paired": "paired images", "unpaired": "unpaired images", "alone": "single images"}


def entries() -> list[Entry]:
    """Name, first line and paper; and the required pairs, the abilities and the published settings of each method."""
    return [replace(entry, facts=_facts(load(entry.name))) for entry in registry.entries()]


def _facts(kind: type[Method]) -> str:
    verbs = [f"{verb}s" for verb in ("translate", "reconstruct", "sample") if hasattr(kind, verb)]
    return f"{PAIRS[kind.pairing]}; 2D and 3D; {', '.join(verbs)}; {_optimizer(kind)}; {_published(kind)}"


def _optimizer(kind: type[Method]) -> str:
    """The proposed optimiser under the default settings, as `training` of a recipe would name it."""
    settings = kind.optimizer_for(kind.Settings())
    named = {"optimizer" if key == "name" else key: value for key, value in settings.to_dict().items()}
    return f"training: {_yaml({key: value for key, value in named.items() if value})}"


def _published(kind: type[Method]) -> str:
    """The published settings, as far as they differ from the defaults, in the form of a recipe."""
    if kind.PUBLISHED is None:
        return "no published settings"
    changed = difference(kind.PUBLISHED.to_dict(), kind.Settings().to_dict())
    return f"published: {_yaml(changed)}" if changed else "published: the defaults"


def difference(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `settings` that are not those of `defaults`, table by table; other networks by their name too."""
    out: dict[str, Any] = {}
    for key, value in settings.items():
        default = defaults.get(key)
        if isinstance(value, Mapping):
            same = isinstance(default, Mapping) and default.get("name") == value.get("name")
            inner = difference(value, default if same and isinstance(default, Mapping) else {"name": None})
            out |= {key: inner} if inner else {}
        elif value != default:
            out[key] = value
    return out


def _yaml(value: Any) -> str:
    """`value` in YAML's flow style."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)

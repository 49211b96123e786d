"""MODEL_CARD.md: what a model translates, what it learned from, how well it did, and where it ends.

Keys of `card` that have a place of their own: `name`, `about`, `source`, `target` (what is translated into what),
`data` (counts: subjects, cases), `scores` (metric → number or text), `limits` (sentences), `recipe_sha256`.
All else is listed under "Further facts".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WARNING = (
    "**SYNTHETIC.** What this model writes was computed, not measured. It can leave out what is there and show what is "
    "not. It is no medical device; do not base a diagnosis or a treatment on it alone."
)
PLACED = ("name", "about", "source", "target", "data", "scores", "limits")


def model_card(config: Mapping[str, Any]) -> str:
    """The card in Markdown, from what config.json holds."""
    card, task, preparation = config["card"], config["task"], config["preparation"]
    parts = [
        f"# {card.get('name', 'A medtrans model')}",
        WARNING,
        card.get("about", ""),
        _section("What it translates", _translates(card, task, preparation)),
        _section("What it learned from", _facts(card.get("data")) or ["- not stated"]),
        _section("How well it did", _facts(card.get("scores")) or ["- not scored"]),
        _section("Limits", [f"- {sentence}" for sentence in _sentences(card.get("limits"))]),
        _section("Further facts", _facts({key: value for key, value in card.items() if key not in PLACED})),
        _section("Made with", _made(config)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _translates(card: Mapping[str, Any], task: Mapping[str, Any], preparation: Mapping[str, Any]) -> list[str]:
    facts = {
        "from": card.get("source", "not stated"),
        "to": card.get("target", "not stated"),
        "channels": f"{task['source_channels']} in (neighbouring slices counted), {task['target_channels']} out",
        "works in": f"{task['spatial_dims']}D",
    }
    slices = ("plane", "stack") if task["spatial_dims"] == 2 else ()
    for key in ("orientation", "spacing", *slices, "patch"):
        if preparation.get(key):
            facts[key] = preparation[key]
    facts["intensities"] = f"{preparation['source']['name']} in, {preparation['target']['name']} out"
    return _facts(facts)


def _made(config: Mapping[str, Any]) -> list[str]:
    return _facts(
        {
            "method": config["method"]["name"],
            "medtrans": config["medtrans"],
            "weights": f"model.safetensors, {config['weights']['bytes']} bytes, sha256 {config['weights']['sha256']}",
        }
    )


def _sentences(limits: Any) -> list[str]:
    given = [limits] if isinstance(limits, str) else list(limits or [])
    return [*given, "Images unlike those it learned from (scanner, contrast, age, disease) may be translated wrongly."]


def _section(title: str, lines: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _facts(facts: Mapping[str, Any] | None) -> list[str]:
    return [f"- {name}: {_text(value)}" for name, value in (facts or {}).items()]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)

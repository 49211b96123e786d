"""Model card (MODEL_CARD.md): what a model translates, its training data, its scores and its limits.

These keys of `card` have a section of their own: `name`, `about`, `source`, `target` (files that are translated, and
into what), `data` (numbers of subjects and cases), `scores` (metric → number or text), `limits` (sentences). All others
are listed under "Further facts".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WARNING = (
    "**SYNTHETIC.** The images of this model are computed, not measured. They can lack structures that exist and show "
    "structures that do not. The model is not a medical device; do not base a diagnosis or a treatment on it alone."
)
OWN_SECTION = ("name", "about", "source", "target", "data", "scores", "limits")
GENERAL_LIMIT = "Images that differ from the training data (scanner, contrast, age, disease) may be translated wrongly."


def model_card(config: Mapping[str, Any]) -> str:
    """The card in Markdown, from the content of config.json."""
    card, task, preparation = config["card"], config["task"], config["preparation"]
    parts = [
        f"# {card.get('name', 'A medtrans model')}",
        WARNING,
        card.get("about", ""),
        _section("Translation", _translation(card, task, preparation)),
        _section("Training data", _facts(card.get("data")) or ["- not stated"]),
        _section("Scores", _facts(card.get("scores")) or ["- not scored"]),
        _section("Limits", [f"- {sentence}" for sentence in _sentences(card.get("limits"))]),
        _section("Further facts", _facts({key: value for key, value in card.items() if key not in OWN_SECTION})),
        _section("Made with", _software(config)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _translation(card: Mapping[str, Any], task: Mapping[str, Any], preparation: Mapping[str, Any]) -> list[str]:
    modalities = f"{preparation['source_modality']} to {preparation['target_modality']}"
    facts = {
        "modalities": modalities,
        "source": card.get("source", "not stated"),
        "target": card.get("target", "not stated"),
        "channels": f"{task['source_channels']} in (adjacent slices included), {task['target_channels']} out",
        "dimensions": f"{task['spatial_dims']}D",
    }
    slices = ("plane", "slices") if task["spatial_dims"] == 2 else ()
    for key in ("orientation", "spacing", *slices, "patch"):
        if preparation.get(key):
            facts[key] = preparation[key]
    names = (preparation[f"{role}_normalisation"]["name"] for role in ("source", "target"))
    facts["normalisation"] = "{} in, {} out".format(*names)
    return _facts(facts)


def _software(config: Mapping[str, Any]) -> list[str]:
    return _facts(
        {
            "method": config["method"]["name"],
            "medtrans": config["medtrans"],
            "weights": f"model.safetensors, {config['weights']['bytes']} bytes, sha256 {config['weights']['sha256']}",
        }
    )


def _sentences(limits: Any) -> list[str]:
    given = [limits] if isinstance(limits, str) else list(limits or [])
    return [*given, GENERAL_LIMIT]


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

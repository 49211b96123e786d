"""Model card (MODEL_CARD.md): what a model translates, what it was trained on, its scores, failures and limits.

After the sections proposed by Mitchell et al., Model Cards for Model Reporting, FAT* 2019,
https://arxiv.org/abs/1810.03993. A card is given away with its model, so it names no case, no subject and no folder.

These keys of `card` have a section of their own: `name`, `about`, `source`, `target` (names of the images), `data`,
`training`, `scores` (of the validation: metric → number or text), `declared` (CardSettings), `limits` (sentences). All
others are listed under "Further facts".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.printable import printable
from medtrans.models.config import modalities_of

WARNING = (
    "**SYNTHETIC.** The images of this model are computed, not measured. They can lack structures that exist and show "
    "structures that do not. The model is not a medical device; do not base a diagnosis or a treatment on it alone."
)
OWN_SECTION = ("name", "about", "source", "target", "data", "training", "scores", "declared", "limits")
GENERAL_LIMIT = "Images that differ from the training data (scanner, contrast, age, disease) may be translated wrongly."
MISUSE = "Diagnosis or treatment by its images alone, and images of other modalities than those above."
UNKNOWN, NOT_DECLARED = "not stated", "not declared"
NOT_TESTED = "not evaluated on test cases (`medtrans run` does)"


def model_card(config: Mapping[str, Any], later: Mapping[str, Any] | None = None) -> str:
    """The card in Markdown, from the content of config.json.

    `later` is what was known after the model was saved: further facts on the `training`, and where the model was
    evaluated `scores` (facts on the test) and `failures` (sentences).
    """
    card, task, preparation = config["card"], config["task"], config["preparation"]
    declared, later = card.get("declared") or {}, later or {}
    parts = [
        f"# {_text(card.get('name', 'A medtrans model'))}",
        WARNING,
        _text(card.get("about", "")),
        _section("Translation", _translation(card, task, preparation)),
        _section("Use", _use(declared)),
        _section("Training data", _data(card.get("data"), declared)),
        _section("Training", _facts({**(card.get("training") or {}), **later.get("training", {})})),
        _section("Validation scores", _facts(card.get("scores")) or ["- not scored"]),
        _section("Test scores", _facts(later.get("scores")) or [f"- {NOT_TESTED}"]),
        _section("Known failures", _bullets(later.get("failures")) or [f"- {NOT_TESTED}"]),
        _section("Limits", _bullets([*_sentences(card.get("limits")), GENERAL_LIMIT])),
        _section("Licence", _facts({"model": declared.get("licence") or NOT_DECLARED})),
        _section("Further facts", _facts({key: value for key, value in card.items() if key not in OWN_SECTION})),
        _section("Made with", _software(config)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def extent_text(extent: Mapping[str, Sequence[float]]) -> str:
    """A median and, where volumes differ, the range of each axis: "1 × 1 × 2 (range 0.9 … 1.1 × 1 … 1 × 2 … 3)"."""
    low, high = extent["low"], extent["high"]
    size = " × ".join(f"{side:.3g}" for side in extent["median"])
    if list(low) == list(high):
        return f"{size} mm"
    return f"{size} mm (median; range {' × '.join(f'{a:.3g} … {b:.3g}' for a, b in zip(low, high, strict=True))})"


def _translation(card: Mapping[str, Any], task: Mapping[str, Any], preparation: Mapping[str, Any]) -> list[str]:
    declared = card.get("declared") or {}
    facts = {
        "modalities": modalities_of(preparation),
        "source": card.get("source") or declared.get("source") or UNKNOWN,
        "target": card.get("target") or declared.get("target") or UNKNOWN,
        "channels": f"{task['source_channels']} in (adjacent slices included), {task['target_channels']} out",
        "dimensions": f"{task['spatial_dims']}D",
    }
    slices = ("plane", "slices") if task["spatial_dims"] == 2 else ()
    for key in ("orientation", "spacing", *slices, "patch", "conditions"):
        if preparation.get(key):
            facts[key] = preparation[key]
    names = (preparation[f"{role}_normalisation"]["name"] for role in ("source", "target"))
    facts["normalisation"] = "{} in, {} out".format(*names)
    return _facts(facts)


def _use(declared: Mapping[str, Any]) -> list[str]:
    misuse = " ".join(filter(None, (MISUSE, declared.get("not_for"))))
    return _facts({"intended": declared.get("intended_use") or NOT_DECLARED, "must not be used for": misuse})


def _data(data: Mapping[str, Any] | None, declared: Mapping[str, Any]) -> list[str]:
    """Facts as read; what headers do not hold, as declared."""
    facts = dict(data or {"data": UNKNOWN})
    for key in ("voxel size", "field of view"):
        if key in facts:
            facts[key] = extent_text(facts[key])
    facts["scanner"] = facts.get("scanner") or declared.get("scanner") or NOT_DECLARED
    return _facts({**facts, "licence": declared.get("data_licence") or NOT_DECLARED})


def _software(config: Mapping[str, Any]) -> list[str]:
    return _facts(
        {
            "method": config["method"]["name"],
            "medtrans": config["medtrans"],
            "weights": f"model.safetensors, {config['weights']['bytes']} bytes, sha256 {config['weights']['sha256']}",
        }
    )


def _sentences(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or [])


def _section(title: str, lines: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _bullets(sentences: Sequence[str] | None) -> list[str]:
    return [f"- {_text(sentence)}" for sentence in sentences or ()]


def _facts(facts: Mapping[str, Any] | None) -> list[str]:
    return [f"- {name}: {_text(value)}" for name, value in (facts or {}).items()]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))

"""Degradations that the sources of a run were made with, from its targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.reporting.paragraphs.words import in_brackets, words

BETWEEN = ", followed by "


def degrading_sentences(degrading: Mapping[str, Any] | None) -> str:
    """How sources were made; empty where they were read."""
    if not degrading or not degrading.get("chain"):
        return ""
    count, maps = degrading["items_per_draw"], degrading.get("labels")
    drawn = "drawn anew for each training item" if count == 1 else f"drawn anew for every {count} training items"
    tissue = ", by the tissues of label maps" if maps else ""
    return (
        f"Sources were made from them by {chain_text(degrading['chain'])}{tissue}: {drawn}, and once (seed "
        f"{degrading['seed']}) for each validation and test case. They were brought back to the voxel grid of the "
        "original by interpolation. Restoration of images that were degraded otherwise was not tested."
    )


def chain_text(steps: Sequence[Mapping[str, Any]]) -> str:
    """ "thick slices (millimetres 5-6), followed by rician noise (snr 30-100)"."""
    return BETWEEN.join(_step_text(step) for step in steps)


def _step_text(step: Mapping[str, Any]) -> str:
    if step["name"] == "one_of":
        chances = [f" ({chance:.0%})" for chance in step["probabilities"]] or [""] * len(step["choices"])
        texts = [_step_text(choice) + chance for choice, chance in zip(step["choices"], chances, strict=True)]
        return "one of: " + "; ".join(texts)
    if step["name"] == "chain":
        chance = "" if step["probability"] == 1 else f" with a probability of {step['probability']:.0%}"
        return f"[{chain_text(step['steps'])}]{chance}"
    return words(step["name"]) + in_brackets(step)

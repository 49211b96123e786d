"""The methods paragraph of a paper, from the recipe and the definition of the scores: everything a reader must know.

It says what was set and what was counted, nothing that a program cannot know; the author adds the cohort and the why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.metric import Definition, Score
from medtrans.evaluating.statistics.intervals import RESAMPLES, SHORT
from medtrans.evaluating.statistics.paired import FEWEST_FOR_TEST
from medtrans.reporting.tables import OWN, competitors, counted

PACKAGES = ("python", "torch", "monai", "numpy", "scipy")
"""Of the provenance, those that a paper names."""


def methods_text(
    scores: Sequence[Score],
    definition: Definition | None,
    *,
    settings: Mapping[str, Any],
    split: str,
    refused: int,
    software: Mapping[str, Any],
    read_for: Sequence[str] = (),
) -> str:
    """`settings` are the recipe as plain values, empty where volumes were only scored; `software` name → version.

    `read_for` names the quantities whose agreement is shown.
    """
    parts = _run(settings, split) if settings else []
    parts += _definition(definition) if definition is not None else []
    parts += _numbers(scores, refused) if scores else []
    parts += _agreement(read_for) if read_for else []
    return " ".join([*parts, *_software(software)])


def _run(settings: Mapping[str, Any], split: str) -> list[str]:
    stages = [settings[name] for name in ("reading", "preparing", "method", "training", "translating")]
    reading, preparing, method, training, translating = stages
    return [
        *_cases(reading, split),
        *_preparing(preparing),
        f"The method was {method['name']}{_brackets(method, 'name')}.",
        *_training(training),
        f"Volumes were translated with {_listed(translating)}.",
    ]


def _cases(reading: Mapping[str, Any], split: str) -> list[str]:
    found = "listed in a table" if reading.get("table") else f"found by the patterns {_sides(reading)}"
    parts = f" ({split} cases)" if split else ""
    return [f"Cases were {found} and split by subject, so that none appears on two sides{parts}."]


def _sides(reading: Mapping[str, Any]) -> str:
    return " and ".join(f"{side} {_word(reading[side])}" for side in ("source", "target") if reading.get(side))


def _preparing(preparing: Mapping[str, Any]) -> list[str]:
    spacing = preparing.get("spacing")
    grid = f"resampled to {_word(spacing)} mm" if spacing else "kept on their own voxel grids"
    sides = [f"{side} intensities by {preparing[side]['name']}{_brackets(preparing[side], 'name')}" for side in SIDES]
    shape = "volumes" if preparing["spatial_dims"] == 3 else f"{preparing['plane']} slices"
    stacks = f", {preparing['stack']} neighbouring ones at a time" if preparing.get("stack", 1) > 1 else ""
    patches = f", in patches of {_word(preparing['patch'])}" if preparing.get("patch") else ""
    changes = {key: value for key, value in preparing["augment"].items() if value}
    varied = f"Training images were varied by {_listed(changes)}." if changes else "Training images were not varied."
    return [
        f"Volumes were turned to {preparing['orientation']} and {grid}; {' and '.join(sides)} were normalised.",
        f"The network saw {shape}{stacks}{patches}; the body was found by {preparing['body']}.",
        varied,
    ]


SIDES = ("source", "target")


def _training(training: Mapping[str, Any]) -> list[str]:
    minutes = training.get("minutes")
    until = f" or {minutes:g} minutes of {training['clock']} time, whichever came first" if minutes else ""
    kept = f"the checkpoint with the best validation {training['best']}, or the last without validation, was kept"
    chosen = ("optimizer", "learning_rate", "betas", "weight_decay", "schedule", "warm_up", "clip", "precision")
    told = _listed({key: training[key] for key in (*chosen, "averaging", "accumulate") if key in training})
    return [
        f"It was trained for at most {training['steps']} steps{until}, {training['batch']} images at a time ({told}); "
        f"{kept}. Seed {training['seed']}."
    ]


def _definition(definition: Definition) -> list[str]:
    low, high = definition.value_range
    return [
        f"Scores follow the preset {definition.preset} of medtrans, on the value range {low:g} … {high:g} (width Q = "
        f"{definition.data_range:g}); voxels that count: {definition.mask}.",
        *definition.details,
    ]


def _numbers(scores: Sequence[Score], refused: int) -> list[str]:
    own = [score for score in scores if score.system == OWN]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    controls = [system for system in competitors(scores) if system != OWN]
    lost = f"; {refused} more could not be assessed" if refused else ""
    found = [
        f"Scored were n = {counted(len(cases), 'case')} of {counted(len(subjects), 'subject')}{lost}. Values are given "
        "as mean ± standard deviation over subjects, cases of one subject averaged first; values that are nan or "
        "infinite are counted and left out of both. Intervals are 95 % bias-corrected and accelerated bootstrap "
        f"intervals of the mean ({RESAMPLES} resamples) with the subject as the unit (Efron, JASA 1987). {SHORT}"
    ]
    if controls:
        found.append(
            f"Translations were compared with controls that need no trained model ({'; '.join(controls)}), by "
            "Wilcoxon's signed-rank test over subjects with Holm's correction where there were "
            f"{FEWEST_FOR_TEST} or more."
        )
    return found


def _agreement(read_for: Sequence[str]) -> list[str]:
    return [
        f"Agreement of translation and target in {', '.join(read_for)} is given as bias, limits of agreement (bias ± "
        "1.96 standard deviations of the differences, one per subject) and their 95 % intervals (Bland and Altman, "
        "Stat Methods Med Res 1999)."
    ]


def _software(software: Mapping[str, Any]) -> list[str]:
    known = [f"{name} {software[name]}" for name in ("medtrans", *PACKAGES) if software.get(name, "absent") != "absent"]
    return [f"Software: {', '.join(known)}."] if known else []


def _brackets(values: Mapping[str, Any], *without: str) -> str:
    told = _listed({key: value for key, value in values.items() if key not in without})
    return f" ({told})" if told else ""


def _listed(values: Mapping[str, Any]) -> str:
    """Name and value of each setting that is set."""
    return ", ".join(f"{key.replace('_', ' ')} {_word(value)}" for key, value in values.items() if _said(value))


def _said(value: Any) -> bool:
    return value is not None and value != [] and value != ""


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value.get('name', '')}{_brackets(value, 'name')}".strip()
    if isinstance(value, (list, tuple)):
        return " × ".join(map(_word, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)

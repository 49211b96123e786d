"""Sentences about a recipe for a methods paragraph: cases, preparation, method, training, translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BODY_MASKS = {
    "otsu": "The body mask was obtained by Otsu thresholding.",
    "nonzero": "The body mask consisted of the nonzero voxels.",
    "none": "No body mask was applied: the whole volume counted as body.",
}
"""preparing.body_mask → sentence."""
OPTIMISER_KEYS = (
    "optimizer",
    "learning_rate",
    "betas",
    "weight_decay",
    "schedule",
    "warm_up",
    "clip",
    "precision",
    "ema_decay",
    "accumulate_grad_batches",
)
"""Settings of `training` that a paper states."""


def run_sentences(settings: Mapping[str, Any], split: str) -> list[str]:
    """`settings` are the resolved recipe; `split` gives the numbers of cases."""
    return [
        *_cases(settings["reading"], split),
        *_preparation(settings["preparing"]),
        _method(settings["method"]),
        *_training(settings["training"]),
        f"Volumes were translated with the settings {_listed(settings['translating'])}.",
    ]


def _cases(reading: Mapping[str, Any], split: str) -> list[str]:
    sides = " and ".join(_image(side, reading[side]) for side in ("source", "target") if reading.get(side))
    selected = f"Cases were listed in a table, with {sides}" if reading.get("table") else f"Cases consisted of {sides}"
    numbers = f" ({split} cases)" if split else ""
    return [f"{selected}. They were split by subject, so that no subject is in two sets{numbers}."]


def _image(side: str, image: Mapping[str, Any]) -> str:
    """Modality and file pattern of one side."""
    patterns = image.get("pattern") or ()
    names = [patterns] if isinstance(patterns, str) else list(patterns)
    files = f", {', '.join(names)}" if names else ""
    return f"{side} images ({image['modality']}{files})"


def _preparation(preparing: Mapping[str, Any]) -> list[str]:
    spacing = preparing.get("spacing")
    grid = f"resampled to {_value(spacing)} mm" if spacing else "kept on their own voxel grids"
    sides = [f"{side} intensities by {_value(preparing[f'{side}_normalisation'])}" for side in ("source", "target")]
    conditions = preparing.get("conditions") or ()
    return [
        f"Volumes were reoriented to {preparing['orientation']} and {grid}; {' and '.join(sides)} were normalised.",
        f"{_network_input(preparing)} {BODY_MASKS[preparing['body_mask']]}",
        _augmentation(preparing.get("augmentation") or ()),
        *([f"The model was conditioned on {', '.join(conditions)}."] if conditions else []),
    ]


def _network_input(preparing: Mapping[str, Any]) -> str:
    """Dimensions, slices and patches."""
    slices, plane = preparing.get("slices", 1), preparing.get("plane", "axial")
    if preparing["spatial_dims"] == 3:
        taken = "volumes (3D)"
    elif slices > 1:
        taken = f"{slices} adjacent {plane} slices as input channels (2.5D)"
    else:
        taken = f"single {plane} slices (2D)"
    patch = f", in training patches of {_value(preparing['patch'])} voxels" if preparing.get("patch") else ""
    return f"The network took {taken}{patch}."


def _augmentation(steps: Sequence[Mapping[str, Any]]) -> str:
    return f"Augmentation comprised {', '.join(map(_value, steps))}." if steps else "No augmentation was applied."


def _method(method: Mapping[str, Any]) -> str:
    settings = _listed({key: value for key, value in method.items() if key != "name"})
    return f"The method was {method['name']} ({settings})."


def _training(training: Mapping[str, Any]) -> list[str]:
    minutes = training.get("minutes")
    limit = f" or {minutes:g} minutes of {training['clock']} time, whichever came first" if minutes else ""
    stated = _listed({key: training[key] for key in OPTIMISER_KEYS if key in training})
    return [
        f"It was trained for at most {training['steps']} steps{limit}, with a batch size of {training['batch']} "
        f"({stated}). The checkpoint with the best validation {training['monitor']} was used, or the last one where "
        f"there was no validation. The random seed was {training['seed']}."
    ]


def _listed(values: Mapping[str, Any]) -> str:
    """Name and value of each setting that has one."""
    return ", ".join(f"{_words(key)} {_value(value)}" for key, value in values.items() if _is_set(value))


def _is_set(value: Any) -> bool:
    return value is not None and value not in ([], (), "", {})


def _value(value: Any) -> str:
    """A table as its name with its settings in brackets; a list of numbers as a product."""
    if isinstance(value, Mapping):
        settings = _listed({key: item for key, item in value.items() if key != "name"})
        name = _words(str(value.get("name", "")))
        return f"{name} ({settings})".strip() if settings else name
    if isinstance(value, (list, tuple)):
        separator = ", " if any(isinstance(item, Mapping) for item in value) else " × "
        return separator.join(map(_value, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")

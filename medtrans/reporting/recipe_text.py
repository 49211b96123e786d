"""Sentences about a recipe for a methods paragraph: cases, preparation, method, translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.reporting.training_text import training_sentences

BODY_MASKS = {
    "otsu": "The body mask was obtained by Otsu thresholding.",
    "nonzero": "The body mask consisted of the nonzero voxels.",
    "none": "No body mask was applied: the whole volume counted as body.",
}
"""preparing.body_mask → sentence."""
NORMALISATIONS = {
    "linear": "linearly",
    "percentiles": "by percentiles in the body",
    "zscore": "by z-score in the body",
    "nyul": "by Nyúl histogram standardisation",
    "labels": "as class labels",
}
"""Name of a normalisation → adverb; others by their name."""


def run_sentences(settings: Mapping[str, Any], split: str) -> list[str]:
    """`settings` are the resolved recipe; `split` gives the numbers of cases."""
    return [
        *_cases(settings["reading"], split),
        *_preparation(settings["preparing"]),
        _method(settings["method"]),
        *training_sentences(settings["training"]),
        *_translation(settings["translating"], settings["preparing"]),
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
    spacing, conditions = preparing.get("spacing"), preparing.get("conditions") or ()
    interpolation = f"by {preparing.get('interpolation', 'linear')} interpolation"
    grid = f"resampled to {_size(spacing)} mm {interpolation}" if spacing else "kept on their own voxel grids"
    source, target = (_normalisation(preparing[f"{side}_normalisation"]) for side in ("source", "target"))
    return [
        f"Volumes were reoriented to {preparing['orientation']} and {grid}.",
        f"Source intensities were normalised {source}, target intensities {target}.",
        f"{_network_input(preparing)} {BODY_MASKS[preparing['body_mask']]}",
        _augmentation(preparing.get("augmentation") or ()),
        *([f"The model was conditioned on {', '.join(conditions)}."] if conditions else []),
    ]


def _normalisation(table: Mapping[str, Any]) -> str:
    return NORMALISATIONS.get(table["name"], f"by {table['name']}") + _settings(table)


def _network_input(preparing: Mapping[str, Any]) -> str:
    """Dimensions, slices and patches."""
    slices, plane = preparing.get("slices", 1), preparing.get("plane", "axial")
    if preparing["spatial_dims"] == 3:
        taken = "volumes (3D)"
    elif slices > 1:
        taken = f"{slices} adjacent {plane} slices as input channels (2.5D)"
    else:
        taken = f"single {plane} slices (2D)"
    patch = f", in training patches of {_size(preparing['patch'])} voxels" if preparing.get("patch") else ""
    return f"The network took {taken}{patch}."


def _augmentation(steps: Sequence[Mapping[str, Any]]) -> str:
    texts = [_words(step["name"]) + _settings(step) for step in steps]
    return f"Augmentation comprised {', '.join(texts)}." if texts else "No augmentation was applied."


def _method(method: Mapping[str, Any]) -> str:
    return f"The method was {method['name']}{_settings(method)}."


def _translation(translating: Mapping[str, Any], preparing: Mapping[str, Any]) -> list[str]:
    """Sliding window, or whole slices; number of samples."""
    window, samples = translating.get("window"), translating.get("samples", 1)
    if preparing["spatial_dims"] == 2 and not window:
        sentences = ["Volumes were translated slice by slice."]
    else:
        size = f"windows of {_size(window)} voxels, " if window else ""
        blending = f"an overlap of {translating['overlap']:g} and {translating['blending']} blending"
        sentences = [f"Volumes were translated by a sliding window ({size}{blending})."]
    if translating.get("mirror", "none") != "none":
        sentences.append(
            "Each translation is the mean of the network's output and of that for the volume with left and right "
            "mirrored, mirrored back."
        )
    if samples > 1:
        sentences.append(f"Each translation is the mean of {samples} samples (random seed {translating['seed']}).")
    return sentences


def _settings(table: Mapping[str, Any]) -> str:
    """The settings of a named table in brackets; empty where it has none.

    A setting of a part that is not used (`segmenter_feature_weight` without `segmenter`) is left out.
    """
    unused = tuple(f"{key}_" for key, value in table.items() if value is None)
    given = {key: value for key, value in table.items() if key != "name" and not key.startswith(unused)}
    listed = [f"{_words(key)} {_value(value)}" for key, value in given.items() if _is_set(value)]
    return f" ({', '.join(listed)})" if listed else ""


def _is_set(value: Any) -> bool:
    return value is not None and value not in ([], (), "", {})


def _value(value: Any) -> str:
    """A table as its name with its settings in brackets, a list in brackets."""
    if isinstance(value, Mapping):
        return f"{value.get('name', '')}{_settings(value)}".strip()
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _size(sides: Sequence[float]) -> str:
    return " × ".join(f"{side:g}" for side in sides)


def _words(name: str) -> str:
    return name.replace("_", " ")

"""Preparation of a run: grid, normalisation, body, mask, input of the networks, augmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.modality import BODY_AIR_HU, find_modality
from medtrans.methods import load as load_method
from medtrans.preparing.masks import CLOSING_MM, MARGIN_MM
from medtrans.reporting.paragraphs.words import in_brackets, listed, size, value_text, words
from medtrans.reporting.run_record import RunRecord

IN_BODY = ("percentiles", "zscore", "nyul")
"""Normalisations that are measured in the body."""
SPLINES = {"linear": "linear", "cubic": "cubic spline"}


def preparation_sentences(run: RunRecord) -> list[str]:
    """Only what had an effect: no interpolation where nothing was resampled, no body where none was needed."""
    preparing, reading = run.settings["preparing"], run.settings["reading"]
    conditions = preparing.get("conditions") or ()
    alone = load_method(run.settings["method"]["name"]).pairing == "alone"
    parts = [
        _grid(preparing, run.data.get("resampled", True)),
        *_normalisation(preparing, reading, alone),
        *([_body(preparing, reading)] if _needs_body(preparing, run.data) else []),
        _mask(preparing, run.data, reading.get("mask_label")),
        _network_input(preparing),
        _augmentation(preparing.get("augmentation") or ()),
        *([f"The model was conditioned on {listed([words(name) for name in conditions])}."] if conditions else []),
    ]
    return [part for part in parts if part]


def _grid(preparing: Mapping[str, Any], resampled: bool) -> str:
    spacing, turned = preparing.get("spacing"), f"Volumes were reoriented to {preparing['orientation']}"
    if not (spacing and resampled):
        return f"{turned} and not resampled."
    return (
        f"{turned} and resampled to {size(spacing)} mm by {SPLINES[preparing['interpolation']]} interpolation, after "
        "Gaussian smoothing to the new voxel size where voxels grew (Cardoso et al., MICCAI 2015)."
    )


def _normalisation(preparing: Mapping[str, Any], reading: Mapping[str, Any], alone: bool) -> list[str]:
    source = reading["source"]["modality"]
    target = (reading.get("target") or reading["source"])["modality"]
    tables = [preparing[f"{side}_normalisation"] for side in ("source", "target")]
    air = ", the median outside the body having been subtracted" if _subtracts_air(preparing, source) else ""
    if alone:
        return [f"Intensities were {_scaled(tables[0], source)}{air}."]
    return [
        f"Source intensities were {_scaled(tables[0], source)}{air}.",
        f"Target intensities were {_scaled(tables[1], target)}.",
    ]


def _scaled(table: Mapping[str, Any], modality: str) -> str:
    """One normalisation; of one that is not known here, its name and settings."""
    name, unit = table["name"], find_modality(modality).unit
    if name == "linear":
        return f"mapped linearly from {table['low']:g} … {table['high']:g} {unit} to −1 … 1".replace(" -", " −")
    if name == "percentiles":
        low = f"percentile {table['lower']:g}" if table["lower"] else "0"
        return f"scaled image by image so that {low} became −1 and percentile {table['upper']:g} in the body 1"
    if name == "zscore":
        return "standardised image by image: the mean in the body became 0, three standard deviations 1"
    if name == "nyul":
        return f"standardised to common histogram landmarks (Nyúl; percentiles {value_text(table['percentiles'])})"
    if name == "labels":
        return f"coded as one channel per label ({', '.join(map(str, table['labels']))})"
    return f"normalised by {words(name)}{in_brackets(table)}"


def _subtracts_air(preparing: Mapping[str, Any], modality: str) -> bool:
    return modality == "MR" and preparing["source_normalisation"]["name"] in IN_BODY


def _needs_body(preparing: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether anything was measured in the body that was found, or counted in it."""
    names = {preparing[f"{side}_normalisation"]["name"] for side in ("source", "target")}
    masks, cases = data.get("cases with a mask file", {}), data.get("cases", {"all": 1})
    return bool(names & set(IN_BODY)) or sum(masks.values()) < sum(cases.values())


def _body(preparing: Mapping[str, Any], reading: Mapping[str, Any]) -> str:
    if preparing["body_mask"] == "none":
        return "The whole volume counted as body."
    if preparing["body_mask"] == "nonzero":
        return "The body was taken as the nonzero voxels, with holes filled."
    if reading["source"]["modality"] == "CT":
        found = f"above {BODY_AIR_HU:g} HU, or Otsu's threshold where that is lower".replace("-", "−")
        closing = ""
    else:
        found = "above a threshold just over the noise of air, at most Otsu's"
        closing = f"closed by {CLOSING_MM:g} mm, "
    return f"The body was the largest component of source voxels {found}, opened, {closing}with holes filled."


def _mask(preparing: Mapping[str, Any], data: Mapping[str, Any], label: int | None) -> str:
    """Which voxels counted in training."""
    given, cases = data.get("cases with a mask file", {}).get("train", 0), data.get("cases", {}).get("train", 0)
    supplied = f"label {label} of the mask supplied with" if label else "the mask supplied with"
    if given and given == cases:
        whose = f"{supplied} each case"
    elif given:
        whose = f"{supplied} {given} of the {cases} cases, and the body found in the others"
    elif preparing["body_mask"] == "none":
        return "In training all voxels counted."
    else:
        whose = "the body"
    margin = f", dilated by {MARGIN_MM:g} mm" if preparing["body_mask"] == "otsu" else ""
    return f"The training mask was {whose}{margin}."


def _network_input(preparing: Mapping[str, Any]) -> str:
    """Dimensions, slices and patches, and where they were taken."""
    slices, plane, patch = preparing.get("slices", 1), preparing.get("plane", "axial"), preparing.get("patch")
    if preparing["spatial_dims"] == 3:
        taken = "volumes (3D)"
    elif slices > 1:
        taken = f"{slices} adjacent {plane} slices as input channels (2.5D)"
    else:
        taken = f"single {plane} slices (2D)"
    if patch:
        drawn = f"Training patches of {size(patch)} voxels were centred on random voxels of the mask"
    elif preparing["spatial_dims"] == 2:
        drawn = "Training slices were drawn at random from those with voxels of the mask"
    else:
        drawn = "Training items were whole volumes"
    return f"The network took {taken}. {drawn}."


def _augmentation(steps: Sequence[Mapping[str, Any]]) -> str:
    texts = [words(step["name"]) + in_brackets(step) for step in steps]
    return f"Augmentation comprised {listed(texts)}." if texts else "No augmentation was applied."

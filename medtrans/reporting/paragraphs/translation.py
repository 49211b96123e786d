"""Translation in a run: windows, samples, where air was written, the unit of the output, device and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from medtrans.core.modality import find_modality
from medtrans.evaluating.columns import count_text
from medtrans.preparing.intensity_scale import SIDECAR_KEY
from medtrans.preparing.masks import MARGIN_MM
from medtrans.reporting.paragraphs.words import minutes, size
from medtrans.reporting.run_record import RunRecord

UNSCALED = ("linear", "labels")
"""Normalisations whose inverse gives measured values."""


def translation_sentences(run: RunRecord) -> list[str]:
    """From the sidecars of the translations; nothing without them."""
    if not run.sidecars:
        return []
    settings, reading = run.settings, run.settings["reading"]
    target = (reading.get("target") or reading["source"])["modality"]
    return [
        _windows(settings, run.sidecars),
        *_mirrored(settings["translating"]),
        *_reclassified(settings["translating"]),
        *_kept_t1(settings["translating"]),
        *_samples(run),
        *_consistent(run.sidecars),
        *_posterior(run.sidecars),
        *_air(run, target),
        _unit(settings["preparing"], target, run.sidecars[0]),
        _time(run.sidecars),
    ]


def _windows(settings: Mapping[str, Any], sidecars: Sequence[Mapping[str, Any]]) -> str:
    """Overlap and blending only where a volume really had several windows."""
    used = sidecars[0]["model"].get("settings", settings["translating"])
    if not any(any(one["window_borders"]) for one in sidecars):
        whole = "slice by slice, in whole slices" if settings["preparing"]["spatial_dims"] == 2 else "whole"
        return f"Volumes were translated {whole}."
    within = "of every slice " if settings["preparing"]["spatial_dims"] == 2 else ""
    return (
        f"Volumes were translated in windows {within}of {size(used['window'])} voxels, which overlapped by "
        f"{used['overlap']:.0%} and were blended with {used['blending']} weights."
    )


def _mirrored(translating: Mapping[str, Any]) -> list[str]:
    if translating.get("mirror", "none") == "none":
        return []
    return ["Each prediction is the mean with that of the mirrored volume (left and right), mirrored back."]


def _reclassified(translating: Mapping[str, Any]) -> list[str]:
    labels = list(map(str, translating.get("reclassified", ())))
    if not labels:
        return []
    return [
        f"Labels {', '.join(labels[:-1])} and {labels[-1]} were classified again by a Gaussian mixture of the "
        "intensities of each image, with a bias field and the probabilities of the network as prior (Van Leemput et "
        "al., IEEE Trans Med Imaging 1999; Ashburner and Friston, NeuroImage 2005)."
    ]


def _kept_t1(translating: Mapping[str, Any]) -> list[str]:
    if not translating.get("keeps_t1"):
        return []
    return [
        "A source that was T1-weighted already (white matter brighter than grey matter) was kept, on the scale of the "
        "model; along thick slices the detail of its translation was added."
    ]


def _consistent(sidecars: Sequence[Mapping[str, Any]]) -> list[str]:
    """The residual of the worst case before and after, where translations were made to agree with their sources."""
    found = [one["data_consistency"] for one in sidecars if one.get("data_consistency")]
    if not found:
        return []
    before, after = (max(one[key] for one in found) for key in ("before", "after"))
    return [
        "Each translation was changed as little as made it, degraded again, agree with its source (data consistency): "
        f"the largest residual of the measurements was {before:.2%} before and {after:.2%} after."
    ]


def _posterior(sidecars: Sequence[Mapping[str, Any]]) -> list[str]:
    """The noise and the residual of the worst case, where translations were drawn given their sources."""
    found = [one["posterior_sampling"] for one in sidecars if one.get("posterior_sampling")]
    if not found:
        return []
    noise, residual = (max(one[key] for one in found) for key in ("noise", "residual"))
    return [
        "The model was the prior of a posterior sampler (pseudoinverse-guided diffusion, Song et al., ICLR 2023), "
        f"given the measurements of the source ({found[0]['degradation']}) with a noise of {noise:.2%} of their norm: "
        f"the largest residual of the samples was {residual:.2%}."
    ]


def _samples(run: RunRecord) -> list[str]:
    """Noise and its seed, of methods that take noise; the uncertainty of those that give one with their answer."""
    noise_std = run.card.get("training", {}).get("noise std")
    translating = run.settings["translating"]
    if not noise_std:
        what = "is the distance of two predicted quantiles, over that of a standard normal distribution"
        return [f"The uncertainty of each translation {what}."] if translating.get("uncertainty") else []
    if translating["samples"] > 1:
        what = f"the mean of {translating['samples']} samples, whose standard deviation is the uncertainty"
    else:
        what = f"a single sample, from noise of standard deviation {noise_std:g}"
    return [f"Each translation is {what} (seed {translating['seed']})."]


def _air(run: RunRecord, target: str) -> list[str]:
    """Where air was written, by the `body` of each sidecar."""
    modality, margin = find_modality(target), run.settings["preparing"]["body_mask"] == "otsu"
    origins = Counter(one["body"]["origin"] for one in run.sidecars if one["body"])
    if not origins:
        return []
    found = "the body found in the source" + (f", dilated by {MARGIN_MM:g} mm" if margin else "")
    if len(origins) == 2:
        where = f"the mask supplied ({count_text(origins['mask'], 'case')}) or {found} ({origins['found']})"
    else:
        where = "the mask supplied with each case" if "mask" in origins else found
    unit = f" {modality.unit}" if modality.quantitative and target != "labels" else ""
    value = f"{modality.air:g}{unit}".replace("-", "−")
    return [f"Voxels outside of {where} were set to {value}."]


def _unit(preparing: Mapping[str, Any], target: str, sidecar: Mapping[str, Any]) -> str:
    """How the network's output became the values that were written."""
    output = "Outputs were brought back to the grid of the source"
    if preparing["target_normalisation"]["name"] in UNSCALED:
        clipped = ", rounded and clipped to the range of the normalisation" if target == "CT" else ""
        return f"{output} and to {find_modality(target).unit or 'labels'}{clipped}."
    if sidecar.get("data_consistency") or sidecar.get("posterior_sampling"):
        return f"{output} and to the unit of each source, by the factor that fits the measurements best."
    scale = ", ".join(f"{value:.4g}" for value in sidecar["output"][SIDECAR_KEY])
    return f"{output} and to the scale of the training targets (median 99.5th percentile in the body: {scale})."


def _time(sidecars: Sequence[Mapping[str, Any]]) -> str:
    devices = sorted({one["device"].partition(":")[0] for one in sidecars})
    seconds = median(one["seconds"] for one in sidecars)
    return f"A translation took {minutes(seconds)} (median, n = {len(sidecars)}, device {' and '.join(devices)})."

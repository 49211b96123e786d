"""Rules that make a recipe of the chosen images: spacing, network, patch, body mask, budget, with reasons.

Self-configuration by printed rules, as in nnU-Net (Isensee et al. 2021, https://doi.org/10.1038/s41592-020-01008-z).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtrans.reading.fingerprint import Fingerprint, Image
from medtrans.reading.processor import processor_name
from medtrans.reading.volumes import read_volume
from medtrans.stages._chosen_images import Chosen

ANISOTROPIC = 2.0
"""Thickest over thinnest side of a voxel from which slices are translated, not blocks."""
UNEVEN = 1.05
"""Largest over smallest voxel size from which images are brought to one."""
EMPTY_BACKGROUND = 0.25
"""Share of voxels of one value from which a background is taken for cut away."""
FEW_SUBJECTS = 20
LOOKED_AT = 3
"""Images whose voxels are read."""
Line = tuple[str, str]
"""Text of a line of the recipe, and its reason."""


@dataclass(frozen=True)
class Machine:
    """What the budget depends on."""

    gpu: str = ""
    cores: int = os.cpu_count() or 1

    @property
    def words(self) -> str:
        return self.gpu or f"{self.cores} cores of {processor_name()}, no GPU"


def lines_of(found: Fingerprint, chosen: Chosen, machine: Machine, root: Path, minutes: float | None) -> list[Line]:
    """The recipe, line by line."""
    return [
        (f"name: {chosen.task.replace('-', '_')}", chosen.reason + (f"; {chosen.cases} cases" if chosen.cases else "")),
        *_reading(found, chosen, root),
        *_degrading(chosen),
        *_preparing(chosen, machine),
        *_method(chosen, machine),
        *_training(chosen, machine, minutes),
        *_evaluating(chosen),
    ]


def _reading(found: Fingerprint, chosen: Chosen, root: Path) -> list[Line]:
    lines: list[Line] = [("reading:", ""), (f"  root: {_quoted(str(root))}", "")]
    if found.table:
        columns = ", ".join(image.pattern for image in found.images)
        lines.append((f"  table: {_quoted(str(root / found.table.name))}", f"lists the files: {columns}"))
    for role, image in (("source", chosen.source), ("target", chosen.target)):
        if image is not None:
            pattern = "" if found.table else f"pattern: {_quoted(image.pattern)}, "
            text = f"  {role}: {{{pattern}modality: {image.kind}}}"
            lines.append((text, f"{len(image.files)} files; {image.kind}: {image.reason}"))
    if chosen.mask and not found.table:
        lines.append((f"  mask: {_quoted(chosen.mask.pattern)}", "every case has one"))
    subjects = len(chosen.target.subjects)
    if found.has_splits:
        return lines
    if subjects < FEW_SUBJECTS:
        lines.append(("  validation_fraction: 0.2", f"{subjects} subjects are few: a tenth would be one of them"))
    return lines


def _degrading(chosen: Chosen) -> list[Line]:
    if chosen.task != "quality":
        return []
    voxel = chosen.target.extent.median
    thick = round(max(voxel) * 3, 1)
    if chosen.target.kind == "CT":
        return [("degrading: {chain: [{name: low_dose, dose: [0.1, 0.5]}]}", "sources are made: CT of less dose")]
    step = f"{{name: thick_slices, millimetres: [{thick}, {thick + 1}]}}"
    return [(f"degrading: {{chain: [{step}]}}", "sources are made: slices of three times the voxel")]


def _preparing(chosen: Chosen, machine: Machine) -> list[Line]:
    lines: list[Line] = [("preparing:", "")]
    if not chosen.is_aligned and chosen.task != "unpaired":
        lines.append(("  register: rigid", "source and target of a case lie on different grids"))
    lines += _spacing(chosen)
    for role, image in (("source", chosen.source or chosen.target), ("target", chosen.target)):
        lines.append((f"  {role}_normalisation: {{name: {_normalisation(image)}}}", _because(image)))
    size, (shape, flat) = _patch_reason(chosen, machine)
    lines.append((f"  spatial_dims: {2 if flat else 3}", shape))
    if flat:
        slices = 1 if chosen.task == "unpaired" else 5
        lines.append(
            (
                f"  slices: {slices}",
                "one slice, as the method was published" if slices == 1 else "neighbours are context",
            )
        )
    lines.append(
        (f"  patch: {list(size)}", "largest slice, in steps of 32" if flat else "a block that fits into memory")
    )
    body, reason = _body(chosen)
    lines.append((f"  body_mask: {body}", reason))
    lines.append(
        (
            "  augmentation: [{name: flip}, {name: rotation, degrees: 10}, {name: scaling, strength: 0.1}]",
            "few subjects",
        )
    )
    return lines


def _spacing(chosen: Chosen) -> list[Line]:
    extents = [image.extent for image in (chosen.source, chosen.target) if image]
    low, high = (np.array([getattr(one, end) for one in extents]) for end in ("low", "high"))
    median = [round(side, 2) for side in extents[0].median]
    if (high.max(axis=0) <= UNEVEN * low.min(axis=0)).all():
        return [("  spacing: null", f"all voxels are about {_size(median)}: nothing is resampled")]
    return [
        (f"  spacing: {median}", f"voxels differ, {_size(low.min(axis=0))} to {_size(high.max(axis=0))}: the median")
    ]


def _patch_reason(chosen: Chosen, machine: Machine) -> tuple[tuple[int, ...], tuple[str, bool]]:
    """The patch, why it is flat or not, and whether it is."""
    voxel, shapes = chosen.target.extent.median, [shape[:3] for shape, _ in chosen.target.grids.values()]
    flat = (
        "CycleGAN is trained on slices" if chosen.task == "unpaired"
        else f"voxels of {_size(voxel)} are thick: slices" if max(voxel) / min(voxel) > ANISOTROPIC
        else "blocks need a GPU: slices with their neighbours" if not machine.gpu
        else ""
    )  # fmt: skip
    sides = np.array(shapes).max(axis=0)
    if flat:
        return tuple(int(-(-min(side, 256) // 32) * 32) for side in sides[:2]), (flat, True)
    return tuple(int(min(64, -(-side // 16) * 16)) for side in sides), (
        "voxels are isotropic, and there is a GPU",
        False,
    )


def _body(chosen: Chosen) -> tuple[str, str]:
    """otsu, or nonzero where the background is one value, as in a brain that was cut out."""
    image = chosen.source or chosen.target
    shares = []
    for path in list(image.files.values())[:LOOKED_AT]:
        voxels = read_volume(path).voxels[0]
        shares.append(float(np.mean(voxels == voxels.flat[0])))
    share = float(np.median(shares))
    if image.kind == "MR" and share > EMPTY_BACKGROUND:
        return "nonzero", f"{share:.0%} of the voxels have the value of the corner: the background was cut away"
    return "otsu", "air with noise around the body"


def _method(chosen: Chosen, machine: Machine) -> list[Line]:
    if chosen.task == "unpaired":
        return [("method: {name: cyclegan}", "no pairs")]
    _, (_, flat) = _patch_reason(chosen, machine)
    network = "unet, norm: batch" if flat else "residual_unet"
    reason = "pairs; the method that trains fastest, and the baseline of every other"
    return [(f"method: {{name: regression, generator: {{name: {network}}}}}", reason)]


def _training(chosen: Chosen, machine: Machine, minutes: float | None) -> list[Line]:
    budget = minutes or (240 if machine.gpu else 120)
    _, (_, flat) = _patch_reason(chosen, machine)
    batch = 1 if chosen.task == "unpaired" else 8 if flat else 2
    schedule = "linear" if chosen.task == "unpaired" else "cosine"
    return [
        ("training:", ""),
        ("  steps: 20000", "or what the minutes allow: `medtrans check` measures a step"),
        (f"  minutes: {budget:g}", f"on {machine.words}"),
        (f"  batch: {batch}", "as published" if batch == 1 else "whole slices" if flat else "blocks take more memory"),
        (f"  schedule: {schedule}", "the rate falls to zero at the end of the steps or minutes"),
        ("  validate_every: 250", "several times within the budget, so that the best model is kept"),
    ]


def _evaluating(chosen: Chosen) -> list[Line]:
    preset = (
        "synthrad2025" if chosen.target.kind == "CT" else "dose" if chosen.target.kind == "dose" else "mr-percentile"
    )
    region = ("mask", "there are masks") if chosen.mask else ("body", "no masks: the body that is found in the target")
    return [(f"evaluating: {{preset: {preset}, region: {region[0]}}}", f"{chosen.target.kind} targets; {region[1]}")]


def _normalisation(image: Image) -> str:
    return {"CT": "linear", "dose": "linear, low: 0, high: 70", "PET": "linear, low: 0, high: 20"}.get(
        image.kind, "percentiles"
    )


def _because(image: Image) -> str:
    return "MR has no unit" if image.kind == "MR" else f"keeps the unit of {image.kind}"


def _size(voxel: Sequence[float]) -> str:
    return " × ".join(f"{side:.3g}" for side in voxel) + " mm"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

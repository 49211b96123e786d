"""Rules that make a recipe of a fingerprint: task, images, spacing, network, patch, body mask, budget, with reasons.

Self-configuration by printed rules, as in nnU-Net (Isensee et al. 2021, https://doi.org/10.1038/s41592-020-01008-z).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.reading.fingerprint import Fingerprint, Image, shared
from medtrans.reading.patterns import Key
from medtrans.reading.processor import processor_name
from medtrans.reading.volumes import read_volume

TaskName = Literal["mri-to-ct", "contrast", "quality", "unpaired"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)
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
class Chosen:
    """The images of a task; `source` is None where sources are made from targets."""

    task: TaskName
    reason: str
    source: Image | None
    target: Image
    mask: Image | None
    cases: int
    is_aligned: bool


def choose(found: Fingerprint, task: str | None, source: str | None, target: str | None) -> Chosen:
    """The task and its images. Raises UsageError, InputRefused where the folder has no images for it."""
    if task is not None and task not in TASKS:
        raise UsageError("--task", f"there is no task named {task!r}", did_you_mean(task, TASKS))
    pictures = sorted(found.of_kind("MR", "CT", "PET", "dose"), key=lambda one: not one.label.startswith("T1"))
    if not pictures:
        raise InputRefused(found.root, "holds masks and labels, and no image", "give the folder of your images")
    mr, ct = ([one for one in pictures if one.kind == kind] for kind in ("MR", "CT"))
    name, reason = (task, "as given") if task else _likeliest(mr, ct)
    sources = {"mri-to-ct": mr, "unpaired": mr, "contrast": pictures, "quality": []}[str(name)]
    targets = {"mri-to-ct": ct, "unpaired": ct or mr[1:], "contrast": pictures[1:], "quality": pictures}[str(name)]
    one = _named(source, pictures, "--source") or (sources[0] if sources else None)
    wanted = [image for image in targets if image is not one]
    other = _named(target, pictures, "--target") or _best_beside(one, wanted)
    if other is None or (one is None and name != "quality"):
        lists = ", ".join(image.pattern for image in pictures)
        what = f"has no two images for the task {name}; found: {lists}"
        raise InputRefused(found.root, what, "give another --task, or --source and --target")
    pair = [image for image in (one, other) if image]
    cases = set(other.files) if name == "quality" else shared(pair)
    if name in ("mri-to-ct", "contrast") and not cases:
        what = f"no case has both {pair[0].pattern} and {pair[1].pattern}"
        raise InputRefused(found.root, what, "give --task unpaired, or make the names equal")
    masks = [mask for mask in found.of_kind("mask") if set(mask.files) >= cases]
    used = None if name == "unpaired" else next(iter(masks), None)
    return Chosen(name, reason, one, other, used, len(cases), _is_aligned(pair, cases))  # type: ignore[arg-type]


def _likeliest(mr: Sequence[Image], ct: Sequence[Image]) -> tuple[TaskName, str]:
    if mr and ct:
        if any(shared([one, other]) for one in mr for other in ct):
            return "mri-to-ct", "there are MR and CT of the same cases"
        return "unpaired", "there are MR and CT, of different cases"
    several = next((images for images in (mr, ct) if len(images) > 1 and shared(images[:2])), None)
    return ("contrast", "several images of the same cases") if several else ("quality", "there is one image")


def _named(label: str | None, images: Sequence[Image], option: str) -> Image | None:
    if label is None:
        return None
    known = {image.label: image for image in images} | {image.pattern: image for image in images}
    if label not in known:
        raise UsageError(
            option, f"no image is called {label!r}", did_you_mean(label, [image.label for image in images])
        )
    return known[label]


def _best_beside(source: Image | None, images: Sequence[Image]) -> Image | None:
    """The image that the most cases have beside the source."""
    return max(images, key=lambda one: len(shared([source, one] if source else [one])), default=None)


def _is_aligned(images: Sequence[Image], cases: set[Key]) -> bool:
    """Whether the images of each case have one grid, by their headers."""
    for key in cases:
        grids = [image.grids[key] for image in images]
        same = all(
            shape[:3] == grids[0][0][:3] and np.allclose(affine, grids[0][1], atol=1e-3) for shape, affine in grids
        )
        if not same:
            return False
    return True


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
        *_reading(chosen, root),
        *_degrading(chosen),
        *_preparing(chosen, machine),
        *_method(chosen, machine),
        *_training(chosen, machine, minutes),
        *_evaluating(chosen),
    ]


def _reading(chosen: Chosen, root: Path) -> list[Line]:
    lines: list[Line] = [("reading:", ""), (f"  root: {_quoted(str(root))}", "")]
    for role, image in (("source", chosen.source), ("target", chosen.target)):
        if image is not None:
            text = f"  {role}: {{pattern: {_quoted(image.pattern)}, modality: {image.kind}}}"
            lines.append((text, f"{len(image.files)} files; {image.kind}: {image.reason}"))
    if chosen.mask:
        lines.append((f"  mask: {_quoted(chosen.mask.pattern)}", "every case has one"))
    subjects = len(chosen.target.subjects)
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

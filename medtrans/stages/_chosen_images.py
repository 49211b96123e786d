"""The task of a folder, and its images: as given, by the columns of a table, else the likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.reading.fingerprint import Fingerprint, Image, shared
from medtrans.reading.patterns import Key

TaskName = Literal["mri-to-ct", "contrast", "quality", "unpaired"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)


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
    refuse_unknown_task(task)
    pictures = sorted(found.of_kind("MR", "CT", "PET", "dose"), key=lambda one: not one.label.startswith("T1"))
    if not pictures:
        raise InputRefused(found.root, "holds masks and labels, and no image", "give the folder of your images")
    mr, ct = ([one for one in pictures if one.kind == kind] for kind in ("MR", "CT"))
    name, reason = (task, "as given") if task else _of_roles(found) or _likeliest(mr, ct)
    sources = {"mri-to-ct": mr, "unpaired": mr, "contrast": pictures, "quality": []}[str(name)]
    targets = {"mri-to-ct": ct, "unpaired": ct or mr[1:], "contrast": pictures[1:], "quality": pictures}[str(name)]
    if found.table:
        sources, targets = ([one for one in pictures if one.pattern == role] for role in ("source", "target"))
        sources, targets = ([], targets or sources) if name == "quality" else (sources, targets)
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


def refuse_unknown_task(task: str | None) -> None:
    """Raises UsageError with a suggestion."""
    if task is not None and task not in TASKS:
        raise UsageError("--task", f"there is no task named {task!r}", did_you_mean(task, TASKS))


def _of_roles(found: Fingerprint) -> tuple[TaskName, str] | None:
    """The task of a table, by the kinds in its columns; None without a table."""
    source, target = found.of_role("source"), found.of_role("target")
    if source is None:
        return None
    if target is None:
        return "quality", "the table has no targets"
    if not shared([source, target]):
        return "unpaired", "no line of the table has a source and a target"
    is_ct = (source.kind, target.kind) == ("MR", "CT")
    return "mri-to-ct" if is_ct else "contrast", "lines of the table have a source and a target"


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

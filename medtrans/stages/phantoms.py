"""Make a cohort of synthetic heads of known anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import UsageError
from medtrans.phantoms import skulls
from medtrans.phantoms.anatomy import Lesion
from medtrans.phantoms.cohort import (
    cohort_name,
    head_file,
    visit_name,
    visits_table,
    write_cohort,
    write_follow_ups,
    write_head,
)
from medtrans.phantoms.label_maps import from_label_map
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import stem
from medtrans.reading.volumes import is_volume, read_volume, volumes_of

SPACING_MM = 2.0
FIELD_OF_VIEW_MM = (192, 216, 192)
SHAPE_MULTIPLE = 8
"""Sides are multiples of this, so that networks need no padding."""


def phantoms(
    output: Path,
    count: int,
    contrasts: Sequence[str],
    spacing: float | None = None,
    labels: Path | None = None,
    *,
    lesions: Sequence[Lesion] = (),
    randomised: bool = False,
    visits: int = 1,
    seed: int = 0,
    overwrite: bool = False,
) -> list[Path]:
    """Write `count` cases to `output`: of generated anatomy, or of the label maps in `labels`.

    Generated anatomy has voxels of `spacing` mm and the given lesions; label maps have their own. Several `visits` are
    a follow-up of each head, see `write_follow_ups`. Raises UsageError, also where a file exists and `overwrite` is
    False.
    """
    seeds, mm = range(seed, seed + count), spacing or SPACING_MM
    anatomy: dict[str, Any] = {"shape": _shape(mm), "spacing": mm, "lesions": lesions, "overwrite": overwrite}
    if visits > 1:
        _refuse_visits(contrasts, labels, randomised=randomised)
        _plan_visits(output, seeds, visits, contrasts, overwrite=overwrite)
        return write_follow_ups(output, seeds, visits, contrasts, **anatomy)
    if labels is None:
        _plan(output, [cohort_name(number) for number in seeds], contrasts, bool(lesions), overwrite=overwrite)
        return write_cohort(output, seeds, contrasts, randomised=randomised, **anatomy)
    if spacing or lesions:
        what = "label maps have a voxel size and lesions of their own"
        raise UsageError(labels, what, "leave out --spacing and --lesion, or --labels")
    maps = volumes_of(labels) if labels.is_dir() and not is_volume(labels) else [labels]
    names = [_name(maps[number % len(maps)], number) for number in seeds]
    _plan(output, names, contrasts, True, [labels], overwrite=overwrite)
    how: dict[str, Any] = {"randomised": randomised, "overwrite": overwrite}
    files = [_from_labels(output, maps[number % len(maps)], contrasts, number, **how) for number in seeds]
    return [file for written in files for file in written]


def _refuse_visits(contrasts: Sequence[str], labels: Path | None, *, randomised: bool) -> None:
    if labels is not None:
        raise UsageError("--visits", "follow generated anatomy, not label maps", "leave out --labels")
    if randomised:
        what = "have a scanner each, which is the same for all heads"
        raise UsageError("--visits", what, "leave out --randomised")
    if "CT" in contrasts:
        what = "differ by gain, tone, coil and noise, which CT in HU has not"
        raise UsageError("--visits", what, "give MR contrasts, such as --contrasts T1,FLAIR")


def _shape(spacing: float) -> tuple[int, int, int]:
    i, j, k = (round(mm / spacing / SHAPE_MULTIPLE) * SHAPE_MULTIPLE for mm in FIELD_OF_VIEW_MM)
    return i, j, k


def _from_labels(
    output: Path, file: Path, contrasts: Sequence[str], number: int, *, randomised: bool, overwrite: bool
) -> list[Path]:
    rng = np.random.default_rng([number, 1])
    name, how = _name(file, number), {"randomised": randomised, "overwrite": overwrite}
    with memory_errors(file):
        head = from_label_map(read_volume(file), rng, skull=skulls.draw(rng) if randomised else None)
        return write_head(output, name, head, contrasts, seed=number, **how)


def _name(file: Path, number: int) -> str:
    return f"{stem(file).replace('_', '-')}_{number:03}"


def _plan_visits(output: Path, seeds: Sequence[int], visits: int, contrasts: Sequence[str], *, overwrite: bool) -> None:
    """As `_plan`, for visits and their tables."""
    later = [*(f"{contrast}_harmonised" for contrast in contrasts), "change"]
    planned = [
        Output(head_file(output, visit_name(seed, number), kind), "volume")
        for seed in seeds
        for number in range(1, visits + 1)
        for kind in [*contrasts, "lesion", "mask", *(later if number > 1 else [])]
    ]
    tables = [Output(visits_table(output, contrast), "table") for contrast in contrasts]
    plan_outputs([*planned, *tables], overwrite=overwrite)


def _plan(
    output: Path,
    names: Sequence[str],
    contrasts: Sequence[str],
    has_lesions: bool,
    inputs: Sequence[Path] = (),
    *,
    overwrite: bool,
) -> None:
    """Raises UsageError where a file of the cohort exists or is an input, before a head is made."""
    kinds = [*contrasts, *(["lesion"] if has_lesions else []), "mask"]
    planned = [Output(head_file(output, name, kind), "volume") for name in names for kind in kinds]
    plan_outputs(planned, inputs, overwrite)

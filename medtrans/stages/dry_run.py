"""Dry run of a recipe: all that a run refuses is found, a few steps are measured, and nothing stays on the disk.

Every case is read, prepared and thrown away again; a few are trained with in a temporary folder, by the code of a run.
What is made for each case (degraded, painted, registered) is made for these few alone.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from medtrans.batching.forecast_case import most_memory
from medtrans.core.case import Case
from medtrans.core.errors import EnvironmentRefused
from medtrans.core.finding import Finding
from medtrans.core.method import Method
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.evaluating.pair_doubts import doubtful_pair
from medtrans.evaluating.run_cases import scoring_pair
from medtrans.evaluating.segmentation.segmenter import of_settings
from medtrans.preparing.cache import prepared_case
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.memory import free_bytes
from medtrans.reading.temporary_files import temporary_folder
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._planned_audit import planned_audit
from medtrans.stages._planned_run import PlannedRun, Trial
from medtrans.stages._ready_training import frozen_methods, ready_training, refuse_other_run, refuse_unusable
from medtrans.stages._sizes import refuse_absurd_sizes, single_value_errors
from medtrans.stages._training_data import fitted_preparation
from medtrans.stages.check import check_recipe
from medtrans.stages.train import batches_of, saver
from medtrans.training.loop import Progress
from medtrans.training.loop import train as train_method
from medtrans.training.processes import launch
from medtrans.training.validation import Validation

STEPS = 4
"""Of the trial. The first warms up, the last also validates and saves."""
FEW = 2
"""Cases of each split that are trained with, or made."""


def dry_run(
    recipe: Recipe, folder: Path, *, longer: bool = False, on_progress: ProgressCallback = no_progress
) -> tuple[list[Finding], PlannedRun | None]:
    """Findings on the cases, and the plan of the run; no plan where a finding refuses.

    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused, as a run would.
    """
    run = RunFolder(folder)
    refuse_unusable(recipe)
    of_settings(recipe.evaluating.segmentation, recipe.training.device)
    refuse_other_run(recipe, run, longer=longer)
    _refuse_unwritable(run)
    cases = recipe.cases()
    refuse_absurd_sizes(recipe, cases)
    findings = check_recipe(recipe, cases)
    audited = planned_audit(recipe, cases)
    findings += audited.findings if audited else ()
    if any(finding.severity == "refuse" for finding in findings):
        return findings, None
    with temporary_folder() as place, single_value_errors():
        doubts, plan = _planned(recipe, run, RunFolder(place), cases, on_progress)
    findings += [*doubts, *_short_of_disk(plan, run)]
    return findings, plan


def _planned(
    recipe: Recipe, run: RunFolder, trial_run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback
) -> tuple[list[Finding], PlannedRun]:
    made = recipe.makes_images or recipe.preparing.register is not None
    few = _few(cases)
    sizes: dict[str, int] = {}
    doubts: list[Finding] = []
    began = time.monotonic()
    if not made:
        preparation = fitted_preparation(recipe, cases, trial_run)
        for done, case in enumerate(cases, start=1):
            doubts += _prepared(recipe, preparation, case, sizes)
            on_progress("checking", case.name, done / len(cases))
    seconds = (time.monotonic() - began) / len(cases)
    trial, left_out = _trial(recipe, trial_run, few, on_progress)
    seconds = trial.preparing / len(few) if made else seconds
    cached = sum(path.stat().st_size for path in trial_run.cache.iterdir())
    cache = round(cached * _in_training(cases) / _in_training(few)) if made else sum(sizes.values())
    plan = PlannedRun.of(recipe, run, cases, replace(trial, preparing=seconds), cache, tried=len(few))
    return [*doubts, *left_out], plan


def _prepared(recipe: Recipe, preparation: Preparation, case: Case, sizes: dict[str, int]) -> list[Finding]:
    """Prepare a case as the run will, keep its size, and look at the pair."""
    preparation.conditions(case.conditions, case.name)
    if case.split == "train":
        sides = prepared_case(case, preparation)
        sizes[case.name] = sum(side.voxels.nbytes + side.mask.nbytes for side in sides.values())
    elif case.split == "validation" and case.sources and case.targets and recipe.translates:
        scoring_pair(case, recipe.evaluating.region, preparation)
    if recipe.pairing != "paired" or not (case.sources and case.targets):
        return []
    pair = load_pair(case)
    assert pair.target is not None
    return doubtful_pair(pair.source, pair.target, preparation.body_mask(pair.source, pair.mask), case.name)


def _few(cases: Sequence[Case]) -> list[Case]:
    """Of each split the first cases, with sources and with targets."""
    chosen: dict[str, Case] = {}
    for split in ("train", "validation", "test"):
        own = [case for case in cases if case.split == split]
        for one in [*[c for c in own if c.sources][:FEW], *[c for c in own if c.targets][:FEW]]:
            chosen[one.name] = one
    return list(chosen.values())


def _trial(
    recipe: Recipe, run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback
) -> tuple[Trial, list[Finding]]:
    """Measured times and sizes, and pairs whose registration is in doubt."""
    few: dict[str, Any] = {"steps": STEPS, "validate_every": STEPS, "checkpoint_every": STEPS, "log_every": 1}
    settings = replace(recipe.training, **few, minutes=None, tensorboard=False)
    fabric, began = launch(settings), time.monotonic()
    ready = ready_training(recipe, run, cases, frozen_methods(recipe), fabric, on_progress)
    prepared, validating = time.monotonic() - began, _Timed(ready.validate)
    ends = [time.monotonic()]

    def step_ended(now: Progress) -> None:
        ends.append(time.monotonic())
        on_progress("trying", f"step {now.step}/{now.steps}", now.step / now.steps)

    train_method(
        ready.method,
        batches_of(ready.items, settings),
        settings,
        run,
        fabric,
        validate=validating if ready.validate else None,
        direction=recipe.monitor.metric.direction,
        keep=saver(recipe, ready.preparation, run, {}),
        on_progress=step_ended,
    )
    steps = [after - before for before, after in itertools.pairwise(ends[1:-1])]
    trial = Trial(
        step=fmean(steps),
        first_step=ends[1] - ends[0],
        validation=validating.seconds / len(ready.validate.pairs) if ready.validate else 0.0,
        preparing=prepared,
        memory_gb=most_memory(),
        free_gb=(free_bytes() or 0) / 1e9,
        checkpoint_bytes=run.checkpoint.stat().st_size,
        model_bytes=sum(path.stat().st_size for path in run.model.iterdir()),
    )
    return trial, list(ready.left_out)


class _Timed:
    """A validation that measures its time."""

    def __init__(self, validate: Validation | None) -> None:
        self.validate, self.seconds = validate, 0.0

    def __call__(self, method: Method) -> Mapping[str, float]:
        assert self.validate is not None
        began = time.monotonic()
        scores = self.validate(method)
        self.seconds += time.monotonic() - began
        return scores


def _in_training(cases: Sequence[Case]) -> int:
    return sum(case.split == "train" for case in cases)


def existing(path: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _refuse_unwritable(run: RunFolder) -> None:
    """Raises EnvironmentRefused where the run folder could not be made or written to."""
    place = existing(run.path)
    if not place.is_dir():
        raise EnvironmentRefused(place, "is a file, where the run folder shall be", "give another --folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise EnvironmentRefused(place, "cannot be written to", "give another --folder, or change its permissions")


def _short_of_disk(plan: PlannedRun, run: RunFolder) -> list[Finding]:
    free = shutil.disk_usage(existing(run.path)).free
    if sum(plan.files.values()) <= free:
        return []
    what = f"needs {sum(plan.files.values()) / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
    advice = "give a --folder on another disk, or a coarser preparing.spacing"
    return [Finding(code="environment", severity="refuse", where=str(run.path), what=what, advice=advice)]

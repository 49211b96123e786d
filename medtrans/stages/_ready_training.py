"""What a training needs, checked before its first step: models, cases, preparation, method, items, validation.

`medtrans check` makes the same in a temporary folder, so that what it passes is accepted by `medtrans run`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from medtrans.core.case import Case
from medtrans.core.errors import InputRefused, MedtransError, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.method import Method, Task
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.evaluating.primary_metrics import refuse_unknown_primary
from medtrans.models.fine_tuning import start_from
from medtrans.models.folder import load_model
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.checks import refusal
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._continued_run import refuse_not_longer
from medtrans.stages._needed_models import refuse_missing_models
from medtrans.stages._run_cases import run_cases
from medtrans.stages._same_recipe import changed_keys
from medtrans.stages._training_data import fitted_preparation, prepared_sides, training_items, validation
from medtrans.training.tensorboard import refuse_without_tensorboard
from medtrans.training.validation import Validation

if TYPE_CHECKING:
    from lightning_fabric import Fabric


OTHER_RUN = "give another --folder, or remove it; --continue trains the same recipe for more steps or minutes"


@dataclass(frozen=True)
class ReadyTraining:
    """All that the training loop gets, and the cases of the run."""

    method: Method
    preparation: Preparation
    items: PatchDataset
    validate: Validation | None
    cases: tuple[Case, ...]
    """With what was made for them."""
    left_out: tuple[Finding, ...]
    """On pairs whose registration cannot be trusted, and on a model whose weights are the initial ones."""


def ready_training(
    recipe: Recipe,
    run: RunFolder,
    cases: Sequence[Case],
    frozen: Mapping[str, Method],
    fabric: Fabric,
    on_progress: ProgressCallback = no_progress,
) -> ReadyTraining:
    """Make what a training in `run` needs. The first process makes the files, the others read them.

    Raises UsageError, InputRefused, EnvironmentRefused.
    """
    sides = None
    if fabric.is_global_zero:
        used, left_out = run_cases(recipe, run, cases, on_progress)
        sides = prepared_sides(used, fitted_preparation(recipe, used, run), run, on_progress)
    fabric.barrier()
    if not fabric.is_global_zero:
        used, left_out = run_cases(recipe, run, cases)
    preparation = fitted_preparation(recipe, used, run)
    sources, targets = sides or prepared_sides(used, preparation, run, no_progress)
    method = _method(recipe, preparation.task(len(sources[0].voxels), len(targets[0].voxels)), frozen)
    recipe.translating.assert_fits(recipe.preparing, method)
    given = recipe.training.start_from
    started = start_from(method, preparation, given) if given else []
    return ReadyTraining(
        method,
        preparation,
        training_items(recipe, method, sources, targets, used, preparation),
        validation(recipe, used, preparation) if recipe.translates else None,
        tuple(used),
        (*left_out, *started),
    )


def refuse_unusable(recipe: Recipe) -> None:
    """Raises UsageError on settings that the method cannot use, ModelRefused without a model that the recipe names,
    EnvironmentRefused without a needed extra."""
    refuse_unknown_primary(recipe.evaluating)
    refuse_missing_models(recipe)
    if recipe.preparing.conditions and not recipe.method_class.uses_conditions:
        raise UsageError("preparing.conditions", f"the method {recipe.method} does not use them", "leave them out")
    _refuse_unweighable(recipe)
    if recipe.training.tensorboard:
        refuse_without_tensorboard()


def _refuse_unweighable(recipe: Recipe) -> None:
    """Raises UsageError where classes are balanced, or lesions weighed, that the recipe does not have."""
    training, reading = recipe.training, recipe.reading
    if training.balance and (recipe.makes_images or reading.table is None):
        what = "is set, but images are made" if recipe.makes_images else "names a column, but there is no reading.table"
        raise UsageError("training.balance", what, "give a table of cases with that column, or leave it out")
    if training.lesion_weight == 1:
        return
    if not recipe.method_class.weighs_voxels or recipe.makes_images:
        what = "is set, but images are made" if recipe.makes_images else f"has no effect on the method {recipe.method}"
        raise UsageError("training.lesion_weight", what, "leave it out; paired methods such as regression have it")
    if not any(case.lesion for case in recipe.cases() if case.split == "train"):
        what = "is set, but no training case has a mask of lesions"
        raise UsageError("training.lesion_weight", what, "set reading.lesion, or add a column lesion to the table")


def frozen_methods(recipe: Recipe) -> dict[str, Method]:
    """Trained methods that the method uses, by name. Raises ModelRefused, UsageError."""
    folders = recipe.method_class.requires_models(recipe.method_settings)
    return {name: _frozen_method(path, recipe.preparing) for name, path in folders.items()}


def refuse_other_run(recipe: Recipe, run: RunFolder, *, longer: bool = False) -> None:
    """Raises UsageError where the folder holds a run of another recipe, or files that a run would replace.

    With `longer`, where it holds no shorter run of the recipe.
    """
    if longer:
        refuse_not_longer(recipe, run)
        return
    if run.recipe.exists():
        if changed := changed_keys(load_recipe(run.recipe), recipe):
            raise UsageError(run.path, f"holds a run of another recipe: {', '.join(changed)}", OTHER_RUN)
        return
    foreign = [path.name for path in run.written() if os.path.lexists(path)]
    if foreign:
        what = f"is no run folder, and holds what a run would replace: {', '.join(foreign)}"
        raise UsageError(run.path, what, "give another --folder")


def refuse_bad_cases(findings: Sequence[Finding]) -> None:
    """Raises InputRefused, or EnvironmentRefused, with the first finding that stops the work."""
    bad = [finding for finding in findings if finding.severity == "refuse"]
    if bad:
        more = f" (and {len(bad) - 1} more: see `medtrans check`)" if len(bad) > 1 else ""
        raise refusal(bad)(bad[0].where, bad[0].what + more, bad[0].advice, bad[0].code)


@contextmanager
def leaving_nothing(run: RunFolder) -> Iterator[None]:
    """A new run that is refused before its first checkpoint leaves nothing behind but pictures of registrations.

    What the environment refuses, such as a full disk, can be taken up again: that work stays.
    """
    begun = run.recipe.exists()
    try:
        yield
    except MedtransError as reason:
        refused = isinstance(reason, (UsageError, InputRefused, ModelRefused))
        if refused and not begun and not (run.checkpoint.exists() or run.registered.exists()):
            for path in (*run.written(), run.recipe):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
        raise


def _method(recipe: Recipe, task: Task, frozen: Mapping[str, Method]) -> Method:
    """The method with its initial weights, which the seed decides, and the trained methods that it uses."""
    torch.manual_seed(recipe.training.seed)
    method = recipe.method_class(task, recipe.method_settings)
    for name, other in frozen.items():
        method.attach_frozen(name, other)
    return method


def _frozen_method(folder: Path, preparing: PreparingSettings) -> Method:
    """Raises ModelRefused; UsageError where it was trained on images of another scale."""
    method, other, _ = load_model(folder)
    theirs, ours = other.settings.source_normalisation.unfitted(), preparing.target_normalisation.unfitted()
    if theirs != ours:
        what = f"was trained on images normalised by {theirs}, but targets here are normalised by {ours}"
        raise UsageError(folder, what, "use one normalisation for both")
    return method

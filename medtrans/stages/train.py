"""Train the model of a recipe in a run folder. Resumes where an interrupted training stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding, Verdict
from medtrans.core.method import Batch, Method, Task
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.yaml_text import MAX_RECIPE_BYTES
from medtrans.models.config import read_config
from medtrans.models.folder import load_model, save_model, write_card
from medtrans.preparing.batches import loader
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.checks import refusal
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._half_run import half_run
from medtrans.stages._later_card import training_facts
from medtrans.stages._model_facts import model_facts
from medtrans.stages._needed_models import refuse_missing_models
from medtrans.stages._run_cases import run_cases
from medtrans.stages._run_lock import run_lock
from medtrans.stages._training_data import fitted_preparation, prepared_sides, training_items, validation
from medtrans.stages.check import check_recipe
from medtrans.training.convergence import convergence, not_assessable
from medtrans.training.environment import environment
from medtrans.training.journal import Journal
from medtrans.training.loop import Batches, Progress
from medtrans.training.loop import train as train_method
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from medtrans.training.tensorboard import refuse_without_tensorboard

NO_VALIDATION = "a method that generates images from noise has no target to compare them with"


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, and whether its training converged."""

    model: Path
    convergence: Verdict
    journal: Journal
    is_main_process: bool
    """False in the other processes of a parallel training, which end here."""
    cases: tuple[Case, ...] = ()
    """Of the run, with what was made for them."""
    left_out: tuple[Finding, ...] = ()
    """On pairs whose registration cannot be trusted."""

    @property
    def resumed(self) -> str:
        """What an earlier command had done; empty for a new training."""
        return f"training was at step {self.journal.taken_up}" if self.journal.taken_up else ""

    def to_text(self) -> str:
        """For the terminal."""
        resumed = [f"resumed: {self.resumed}"] if self.resumed else []
        verdict = self.convergence
        warnings = [f"warning: {finding.sentence}" for finding in self.left_out]
        lines = [f"{verdict.question} {verdict.outcome}: {verdict.reason}", *warnings, *resumed]
        return "\n".join([*lines, f"model: {self.model}"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        left_out = [finding.to_dict() for finding in self.left_out]
        convergence = asdict(self.convergence)
        return {"model": str(self.model), "convergence": convergence, "resumed": self.resumed, "left_out": left_out}


def train(recipe: Recipe, folder: Path, *, on_progress: ProgressCallback = no_progress) -> TrainedModel:
    """Train the model of `recipe` in `folder`. Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused."""
    with run_lock(RunFolder(folder)):
        return train_unlocked(recipe, folder, on_progress=on_progress)


def train_unlocked(recipe: Recipe, folder: Path, *, on_progress: ProgressCallback = no_progress) -> TrainedModel:
    """`train` for a caller that holds the lock of the folder."""
    run, settings = RunFolder(folder), recipe.training
    _refuse_unusable(recipe)
    frozen = _frozen_methods(recipe)
    fabric = launch(settings)
    cases = recipe.cases()
    read = len(cases)
    on_progress = on_progress if fabric.is_global_zero else no_progress
    sides = None
    if fabric.is_global_zero:
        _begin(recipe, run)
        _refuse_bad_cases(check_recipe(recipe, cases))
        cases, left_out = run_cases(recipe, run, cases, on_progress)
        sides = prepared_sides(cases, fitted_preparation(recipe, cases, run), run, on_progress)
    fabric.barrier()
    if not fabric.is_global_zero:
        cases, left_out = run_cases(recipe, run, cases)
    preparation = fitted_preparation(recipe, cases, run)
    sources, targets = sides or prepared_sides(cases, preparation, run, no_progress)
    method = _method(recipe, preparation.task(len(sources[0].voxels), len(targets[0].voxels)), frozen)
    recipe.translating.assert_fits(recipe.preparing, method)
    surroundings = environment(method, settings, fabric)
    facts = model_facts(recipe, cases, surroundings, read - len(cases)) if fabric.is_global_zero else {}
    journal = train_method(
        method,
        _batches(training_items(recipe, method, sources, targets, cases, preparation), settings),
        settings,
        run,
        fabric,
        validate=validation(recipe, cases, preparation) if recipe.translates else None,
        direction=recipe.monitor.metric.direction,
        keep=_saver(recipe, preparation, run, facts),
        on_progress=_step_progress(on_progress),
    )
    if fabric.is_global_zero:
        write_card(run.model, read_config(run.model), {"training": training_facts(journal, settings)})
    converged = _convergence(recipe, journal, folder)
    on_progress("training", converged.reason, 1.0)
    return TrainedModel(run.model, converged, journal, fabric.is_global_zero, tuple(cases), tuple(left_out))


def _method(recipe: Recipe, task: Task, frozen: Mapping[str, Method]) -> Method:
    """The method with its initial weights, which the seed decides, and the trained methods that it uses."""
    torch.manual_seed(recipe.training.seed)
    method = recipe.method_class(task, recipe.method_settings)
    for name, other in frozen.items():
        method.attach_frozen(name, other)
    return method


def _batches(items: PatchDataset, settings: TrainingSettings) -> Batches:
    def batches(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
        place = {"first_step": first, "last_step": last, "rank": rank, "world": world}
        return loader(items, batch=settings.batch, workers=settings.workers, **place)

    return batches


def _refuse_unusable(recipe: Recipe) -> None:
    """Raises UsageError on settings that the method cannot use, ModelRefused without a model that the recipe names,
    EnvironmentRefused without a needed extra."""
    refuse_missing_models(recipe)
    if recipe.preparing.conditions and not recipe.method_class.uses_conditions:
        raise UsageError("preparing.conditions", f"the method {recipe.method} does not use them", "leave them out")
    if recipe.training.tensorboard:
        refuse_without_tensorboard()


def _frozen_methods(recipe: Recipe) -> dict[str, Method]:
    """Trained methods that the method uses, by name. Raises ModelRefused."""
    folders = recipe.method_class.requires_models(recipe.method_settings)
    return {name: _frozen_method(path, recipe.preparing) for name, path in folders.items()}


def _frozen_method(folder: Path, preparing: PreparingSettings) -> Method:
    """Raises ModelRefused; UsageError where it was trained on images of another scale."""
    method, other, _ = load_model(folder)
    theirs, ours = other.settings.source_normalisation.unfitted(), preparing.target_normalisation.unfitted()
    if theirs != ours:
        what = f"was trained on images normalised by {theirs}, but targets here are normalised by {ours}"
        raise UsageError(folder, what, "use one normalisation for both")
    return method


def _begin(recipe: Recipe, run: RunFolder) -> None:
    """Write the resolved recipe, or refuse a folder that holds another run."""
    text = recipe.to_yaml()
    if run.recipe.exists() and read_bytes(run.recipe, MAX_RECIPE_BYTES).decode() != text:
        raise UsageError(run.path, "holds a run of another recipe", "give another --folder, or remove it")
    foreign = [path.name for path in run.written() if os.path.lexists(path)] if not run.recipe.exists() else []
    if foreign:
        what = f"is no run folder, and holds what a run would replace: {', '.join(foreign)}"
        raise UsageError(run.path, what, "give another --folder")
    run.path.mkdir(parents=True, exist_ok=True)
    if not run.recipe.exists():
        write_atomically(run.recipe, text.encode())


def _refuse_bad_cases(findings: Sequence[Finding]) -> None:
    """Raises InputRefused, or EnvironmentRefused, with the first finding that stops the work."""
    bad = [finding for finding in findings if finding.severity == "refuse"]
    if bad:
        more = f" (and {len(bad) - 1} more: see `medtrans check`)" if len(bad) > 1 else ""
        raise refusal(bad)(bad[0].where, bad[0].what + more, bad[0].advice, bad[0].code)


def _saver(
    recipe: Recipe, preparation: Preparation, run: RunFolder, facts: Mapping[str, Any]
) -> Callable[[Method, Mapping[str, float]], None]:
    """Saves a method as the model of the run; scores are means over the validation cases."""

    def save(method: Method, scores: Mapping[str, float]) -> None:
        evaluating = recipe.evaluating
        meaning = f"preset {evaluating.preset}, region {evaluating.region}; these subjects selected the model: no test"
        card = {**facts, "scores": {**scores, "mean over the validation cases": meaning} if scores else {}}
        save_model(run.model, method, preparation, card, translating=recipe.translating)

    return save


def _step_progress(on_progress: ProgressCallback) -> Callable[[Progress], None]:
    def show(now: Progress) -> None:
        players = {name.partition("/")[0] for name in now.terms}
        names = {name: name if len(players) > 1 else name.partition("/")[2] for name in now.terms}
        terms = "  ".join(f"{names[name]} {value:.3g}" for name, value in now.terms.items())
        on_progress("training", f"step {now.step}/{now.steps}  {terms}", now.step / now.steps, now.seconds_left)

    return show


def _convergence(recipe: Recipe, journal: Journal, folder: Path) -> Verdict:
    if not recipe.translates:
        return not_assessable(NO_VALIDATION)
    column, direction = f"validation/{recipe.training.monitor}", recipe.monitor.metric.direction
    return convergence(journal.rows, column, direction, half_run(recipe, folder))

"""Train the model of a recipe in a run folder. Resumes where an interrupted training stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medtrans.core.case import Case
from medtrans.core.finding import Finding, Verdict
from medtrans.core.method import Batch, Method
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.models.config import read_config
from medtrans.models.folder import save_model, write_card
from medtrans.preparing.batches import loader
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.reading.storage import write_atomically
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._continued_run import continue_run
from medtrans.stages._gate_file import write_gate
from medtrans.stages._half_run import half_run
from medtrans.stages._later_card import training_facts
from medtrans.stages._model_facts import model_facts
from medtrans.stages._ready_training import (
    frozen_methods,
    leaving_nothing,
    ready_training,
    refuse_bad_cases,
    refuse_other_run,
    refuse_unusable,
)
from medtrans.stages._run_lock import run_lock
from medtrans.stages._sizes import refuse_absurd_sizes, single_value_errors
from medtrans.stages.check import check_recipe
from medtrans.training.convergence import convergence, not_assessable
from medtrans.training.environment import environment
from medtrans.training.journal import Journal
from medtrans.training.loop import Batches, Progress
from medtrans.training.loop import train as train_method
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

NO_VALIDATION = "a method that generates images from noise has no target to compare them with"
NO_CASES = (
    "no case was validated, so that the weights of the last step were saved, whether good or not; at least 3 "
    "subjects are needed: set reading.validation_fraction, such as 0.2"
)


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
    """On pairs whose registration cannot be trusted, and on the model that the training starts from."""

    @property
    def resumed(self) -> str:
        """What an earlier command had done; empty for a new training."""
        return f"training was at step {self.journal.taken_up}" if self.journal.taken_up else ""

    def to_text(self) -> str:
        """For the terminal."""
        resumed = [f"resumed: {self.resumed}"] if self.resumed else []
        verdict = self.convergence
        named = {"note": "note", "warn": "warning"}
        warnings = [f"{named.get(finding.severity, 'error')}: {finding.sentence}" for finding in self.left_out]
        lines = [f"{verdict.question} {verdict.outcome}: {verdict.reason}", *warnings, *resumed]
        return "\n".join([*lines, f"model: {self.model}"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        left_out = [finding.to_dict() for finding in self.left_out]
        convergence = asdict(self.convergence)
        return {"model": str(self.model), "convergence": convergence, "resumed": self.resumed, "left_out": left_out}


def train(
    recipe: Recipe, folder: Path, *, longer: bool = False, on_progress: ProgressCallback = no_progress
) -> TrainedModel:
    """Train the model of `recipe` in `folder`; `longer` continues the shorter run that it holds.

    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused.
    """
    with run_lock(RunFolder(folder)):
        return train_unlocked(recipe, folder, longer=longer, on_progress=on_progress)


def train_unlocked(
    recipe: Recipe, folder: Path, *, longer: bool = False, on_progress: ProgressCallback = no_progress
) -> TrainedModel:
    """`train` for a caller that holds the lock of the folder."""
    run, settings = RunFolder(folder), recipe.training
    refuse_unusable(recipe)
    frozen = frozen_methods(recipe)
    fabric = launch(settings)
    cases = recipe.cases()
    on_progress = on_progress if fabric.is_global_zero else no_progress
    if fabric.is_global_zero:
        refuse_other_run(recipe, run, longer=longer)
        refuse_absurd_sizes(recipe, cases)
        refuse_bad_cases(check_recipe(recipe, cases))
    with leaving_nothing(run) if fabric.is_global_zero else nullcontext(), single_value_errors():
        if fabric.is_global_zero:
            _begin(recipe, run, longer)
        ready = ready_training(recipe, run, cases, frozen, fabric, on_progress)
        surroundings = environment(ready.method, settings, fabric)
        left_out = len(cases) - len(ready.cases)
        facts = model_facts(recipe, ready.cases, surroundings, left_out) if fabric.is_global_zero else {}
        journal = train_method(
            ready.method,
            batches_of(ready.items, settings),
            settings,
            run,
            fabric,
            validate=ready.validate,
            direction=recipe.monitor.metric.direction,
            keep=saver(recipe, ready.preparation, run, facts),
            on_progress=_step_progress(on_progress),
        )
    if fabric.is_global_zero:
        write_gate(recipe, ready.cases, run)
        write_card(run.model, read_config(run.model), {"training": training_facts(journal, settings)})
    converged = _convergence(recipe, journal, folder, ready.validate is not None)
    on_progress("training", converged.reason, 1.0)
    return TrainedModel(run.model, converged, journal, fabric.is_global_zero, ready.cases, ready.left_out)


def batches_of(items: PatchDataset, settings: TrainingSettings) -> Batches:
    def batches(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
        place = {"first_step": first, "last_step": last, "rank": rank, "world": world}
        return loader(items, batch=settings.batch, workers=settings.workers, **place)

    return batches


def _begin(recipe: Recipe, run: RunFolder, longer: bool) -> None:
    """Write the resolved recipe."""
    if longer:
        continue_run(recipe, run)
    run.path.mkdir(parents=True, exist_ok=True)
    if not run.recipe.exists():
        write_atomically(run.recipe, recipe.to_yaml().encode())


def saver(
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


def _convergence(recipe: Recipe, journal: Journal, folder: Path, validates: bool) -> Verdict:
    if not recipe.translates:
        return not_assessable(NO_VALIDATION)
    if not validates:
        return not_assessable(NO_CASES)
    column, direction = f"validation/{recipe.training.monitor}", recipe.monitor.metric.direction
    half = half_run(recipe, folder)
    return convergence(journal.rows, column, direction, half, recipe.training.validate_every)

"""Data of a training: the fitted preparation, the prepared volumes, the items drawn from them, the validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medtrans.batching.degraded_sources import read_measured
from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.method import Method
from medtrans.core.progress import ProgressCallback
from medtrans.evaluating.metric_specs import labelled_metrics
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.run_cases import scoring_pair
from medtrans.preparing.cache import cached
from medtrans.preparing.cached_volume import CachedVolume
from medtrans.preparing.degrading import Degraded, Degrader
from medtrans.preparing.painted import Painted
from medtrans.preparing.pairing import PAIRINGS, Balance, TrainingData
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._painted_cases import Painter
from medtrans.stages._preparation_file import load_preparation, save_preparation
from medtrans.training.validation import Validation


def fitted_preparation(recipe: Recipe, cases: Sequence[Case], run: RunFolder) -> Preparation:
    """From the run folder if it is there, else fitted to the training cases and written."""
    if run.preparation.exists():
        return load_preparation(run)
    preparation = recipe.preparation()
    painted_mr = bool(recipe.painting.target) and not preparation.modality.quantitative
    pairs = (load_pair(case) for case in cases if case.split == "train")
    fitted = preparation.fit(pairs, arbitrary_unit=painted_mr)
    save_preparation(run, fitted)
    return fitted


def prepared_sides(
    cases: Sequence[Case], preparation: Preparation, run: RunFolder, on_progress: ProgressCallback
) -> tuple[list[CachedVolume], list[CachedVolume]]:
    """Prepared sources and targets of the training cases, from the cache of the run where they are there."""
    training = [case for case in cases if case.split == "train"]
    pairs = cached(
        training, preparation, run.cache, on_progress=lambda done: on_progress("preparing", f"{len(cases)} cases", done)
    )
    sources, targets = ([pair[role] for pair in pairs] for role in (0, 1))
    return [side for side in sources if side], [side for side in targets if side]


def training_items(
    recipe: Recipe,
    method: Method,
    sources: Sequence[CachedVolume],
    targets: Sequence[CachedVolume],
    cases: Sequence[Case],
    preparation: Preparation,
) -> PatchDataset:
    """Patches or slices of the training cases, paired as the method requires, or made on the fly."""
    training = [case for case in cases if case.split == "train" and case.sources]
    conditions = [preparation.conditions(case.conditions, case.name) for case in training]
    data = _data(recipe, method, sources, targets, cases, preparation)
    return PatchDataset(
        data,
        preparation.settings,
        seed=recipe.training.seed,
        divisor=method.divisor,
        conditions=conditions,
        foreground=method.foreground_fraction,
        lesion_weight=recipe.training.lesion_weight,
    )


def _data(
    recipe: Recipe,
    method: Method,
    sources: Sequence[CachedVolume],
    targets: Sequence[CachedVolume],
    cases: Sequence[Case],
    preparation: Preparation,
) -> TrainingData:
    training = [case for case in cases if case.split == "train" and case.sources]
    painting, degrading, batch = recipe.painting, recipe.degrading, recipe.training.batch
    if painting.target:
        read = {case.name: case.sources[0] for case in recipe.cases()}
        painter = Painter([read[case.name] for case in training], painting, degrading, preparation)
        drawn: dict[str, Any] = {
            "items_per_draw": painting.items_per_draw,
            "paintings_per_head": painting.paintings_per_head,
        }
        return Painted(sources, targets, painter, batch=batch, **drawn)
    if degrading.chain:
        degrader = Degrader(training, degrading, preparation, recipe.reading.root)
        return Degraded(sources, targets, degrader, items_per_draw=degrading.items_per_draw, batch=batch)
    return PAIRINGS[method.pairing](sources, targets, balance=_balance(recipe, cases))


def _balance(recipe: Recipe, cases: Sequence[Case]) -> Balance | None:
    """The classes of the training cases. Raises UsageError where one has none."""
    if not (column := recipe.training.balance):
        return None
    training = [case for case in cases if case.split == "train"]
    without = next((case.name for case in training if column not in case.conditions), None)
    if without is not None:
        what = f"{without} has no number in the column {column} of reading.table"
        raise UsageError("training.balance", what, "fill the cell, or leave the setting out")
    sources, targets = (
        tuple(case.conditions[column] for case in training if getattr(case, role)) for role in ("sources", "targets")
    )
    return Balance(sources, targets)


def validation(recipe: Recipe, cases: Sequence[Case], preparation: Preparation) -> Validation | None:
    """Whole validation cases, their targets in the unit of the model; None where no case has both sides."""
    chosen = [case for case in cases if case.split == "validation" and case.sources and case.targets]
    if not chosen:
        return None
    evaluating, consistent = recipe.evaluating, recipe.degrading.null_space
    pairs = []
    for case in chosen:
        with memory_errors(case.name):
            pairs.append(scoring_pair(case, evaluating.region, preparation, source_unit=consistent))
    # Of the further metrics only the one that selects the model: others may take longer than the training.
    preset, wanted = find_preset(evaluating.preset), recipe.training.monitor
    metrics = [spec for spec in evaluating.metrics if labelled_metrics(preset, [spec])[-1].label == wanted]
    device = recipe.training.device
    how = [read_measured(sidecar_path(case.sources[0])) for case in chosen] if consistent else []
    return Validation(pairs, preparation, recipe.translating.scored, evaluating.preset, device, metrics, how)

"""Folds of a run, once all are trained: their mean on the test subjects, and each on the subjects it did not train on.

    runs/NAME/fold_0 … fold_4     the runs
    runs/NAME/mean                the test subjects, translated by the mean of all models
    runs/NAME/out_of_fold         every other subject, translated by the model of the fold in which it validates

The validation subjects chose the weights of their own model, so that out_of_fold is a little better than a test.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medtrans.core.case import Case, Split
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.score import Evaluation
from medtrans.core.tables import text_table
from medtrans.evaluating.segmentation.segmenter import of_settings
from medtrans.recipe import Recipe, load_recipe
from medtrans.reporting.evaluation_report import evaluation_report
from medtrans.reporting.page import write_page
from medtrans.reporting.provenance import provenance
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import write_evaluation_files
from medtrans.stages._run_cases import run_cases
from medtrans.stages._run_lock import run_lock
from medtrans.stages._run_page import displayed_cases
from medtrans.stages._same_recipe import changed_keys
from medtrans.stages._translated_cases import evaluate_cases, means, translate_cases
from medtrans.translating.ensemble import AnyTranslator, Ensemble
from medtrans.translating.translator import Translator

FOLD = "fold_{}"
MEAN, OUT_OF_FOLD = "mean", "out_of_fold"


@dataclass(frozen=True)
class FoldsResult:
    """Scores of the mean on the test subjects, and of each fold on its own validation subjects."""

    folder: Path
    folds: int
    evaluations: Mapping[str, Evaluation]
    """Folder, mean or out_of_fold → its scores."""
    refused: Mapping[str, str]
    """Folder → why there are no scores."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        refused = {name: {"refused": reason} for name, reason in self.refused.items()}
        return refused | {
            name: {
                "report": str(RunFolder(self.folder / name).report),
                "scores": means(one)[0],
                "failed": {case: finding.to_dict() for case, finding in one.failed.items()},
            }
            for name, one in self.evaluations.items()
        }

    def to_text(self) -> str:
        """For the terminal."""
        titles = {
            MEAN: f"mean of the models of {self.folds} folds, on the test subjects",
            OUT_OF_FOLD: f"each of {self.folds} folds on the subjects that it validated with",
        }
        lines = [f"\n{titles[name]}: not made: {reason}" for name, reason in self.refused.items()]
        for name, one in self.evaluations.items():
            scores, columns = means(one)
            rows = [
                {"": system, **{metric: f"{values[metric]:.3f}" for metric in columns if metric in values}}
                for system, values in scores.items()
            ]
            cases = len({score.case for score in one.scores})
            lines += ["", f"{titles[name]}: {cases} case{'s' * (cases != 1)}", text_table(rows, ("", *columns))]
            lines += [f"not scored: {finding.sentence}" for finding in one.failed.values()]
            lines += [f"report: {RunFolder(self.folder / name).report}"]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Fold:
    recipe: Recipe
    run: RunFolder
    cases: Sequence[Case]
    translator: Translator


def score_folds(recipe: Recipe, folder: Path, on_progress: ProgressCallback = no_progress) -> FoldsResult | None:
    """Score the folds of `recipe` whose runs lie in `folder`; None until all are trained, and of one recipe.

    Raises InputRefused, EnvironmentRefused.
    """
    recipes = _finished(recipe, folder)
    if not recipes:
        return None
    folds = [_fold(one, RunFolder(folder / FOLD.format(number))) for number, one in enumerate(recipes)]
    evaluations: dict[str, Evaluation] = {}
    refused: dict[str, str] = {}
    for name, score in ((MEAN, _score_mean), (OUT_OF_FOLD, _score_out_of_fold)):
        place = RunFolder(folder / name)
        try:
            with run_lock(place):
                evaluations[name] = score(folds, place, on_progress)
        except (UsageError, ModelRefused) as reason:  # The run itself is whole.
            refused[name] = str(reason)
    scored = {name: one for name, one in evaluations.items() if one.scores or one.failed}
    return FoldsResult(folder, len(folds), scored, refused)


def _finished(recipe: Recipe, folder: Path) -> list[Recipe]:
    """The recipe of every fold; none where one is not trained, or was with other settings."""
    count = recipe.reading.folds or 0
    if not recipe.translates or recipe.reading.target_modality == "labels":
        return []
    recipes = [replace(recipe, reading=replace(recipe.reading, fold=number)) for number in range(count)]
    for number, one in enumerate(recipes):
        run = RunFolder(folder / FOLD.format(number))
        if not (run.scores_json.is_file() and run.recipe.is_file()):
            return []
        if changed_keys(load_recipe(run.recipe), one):
            return []
    return recipes


def _fold(recipe: Recipe, run: RunFolder) -> _Fold:
    cases, _ = run_cases(recipe, run)
    settings = recipe.translating.scored
    return _Fold(recipe, run, cases, Translator.load(run.model, device=recipe.training.device, settings=settings))


def _score_mean(folds: Sequence[_Fold], place: RunFolder, on_progress: ProgressCallback) -> Evaluation:
    first, models = folds[0], [fold.run.model for fold in folds]
    mean = Ensemble([fold.translator for fold in folds])
    evaluation, translations = _scored(first, mean, models, place, "test", on_progress)
    segmentation = of_settings(first.recipe.evaluating.segmentation, first.recipe.training.device)
    images, findings = displayed_cases(
        first.recipe, evaluation, first.cases, translations, first.translator.preparation, segmentation
    )
    about = f"The mean of the models of {len(folds)} folds, on the test subjects, which none of them trained on."
    _write(place, evaluation, f"{first.recipe.name}: mean of {len(folds)} folds", about, images, findings)
    return evaluation


def _score_out_of_fold(folds: Sequence[_Fold], place: RunFolder, on_progress: ProgressCallback) -> Evaluation:
    parts = [_scored(fold, fold.translator, [fold.run.model], place, "validation", on_progress)[0] for fold in folds]
    evaluation = joined(parts)
    about = (
        f"Each of {len(folds)} folds on the subjects that it validated with. They chose the weights of their model, "
        "so that a test is a little worse; baselines are those of each fold's training subjects."
    )
    _write(place, evaluation, f"{folds[0].recipe.name}: out of fold", about)
    return evaluation


def _scored(
    fold: _Fold,
    translator: AnyTranslator,
    models: Sequence[Path],
    place: RunFolder,
    split: Split,
    on_progress: ProgressCallback,
) -> tuple[Evaluation, dict[str, Path]]:
    outcomes = translate_cases(fold.cases, translator, models, place, split=split, on_progress=on_progress)
    translations = {name: outcome.output for name, outcome in outcomes.items() if outcome.output}
    segmentation = of_settings(fold.recipe.evaluating.segmentation, fold.recipe.training.device)
    on_progress("evaluating", f"{len(translations)} cases", 0.0)
    evaluation = evaluate_cases(fold.recipe, fold.cases, outcomes, fold.translator, segmentation)
    on_progress("evaluating", f"{len(translations)} cases", 1.0)
    return evaluation, translations


def joined(parts: Sequence[Evaluation]) -> Evaluation:
    """One evaluation of the cases of several, which are others in each; the definition is that of the first."""

    def chain(name: str) -> Any:
        return tuple(itertools.chain.from_iterable(getattr(part, name) for part in parts))

    def merge(name: str) -> Any:
        return {key: value for part in parts for key, value in getattr(part, name).items()}

    sequences, mappings = ("scores", "structures", "measurements", "findings"), ("failed", "input_hashes", "scanners")
    return replace(parts[0], **{name: chain(name) for name in sequences}, **{name: merge(name) for name in mappings})


def _write(
    place: RunFolder, evaluation: Evaluation, title: str, about: str, images: Any = (), findings: Any = ()
) -> None:
    write_evaluation_files(place, evaluation)
    date = datetime.date.today().isoformat()
    report = evaluation_report(
        title, evaluation, images, about=about, date=date, provenance=provenance(), findings=findings
    )
    write_page(place.report, report)

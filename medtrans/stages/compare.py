"""Compare finished runs on the same cases: one table for each metric, and one page with images of the same slices.

Runs are compared only where their scores have one definition, the same cases, the same voxels and the same grids; what
differs is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.score import TRANSLATED, Evaluation
from medtrans.core.strict_json import to_strict_json
from medtrans.core.volume import AFFINE_TOLERANCE_MM
from medtrans.evaluating.comparison import Comparison, compare_evaluations, refuse_difference
from medtrans.evaluating.run_cases import RunCase
from medtrans.preparing.preparation import Preparation
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_grid
from medtrans.recipe import Recipe, load_recipe
from medtrans.reporting.case_selection import case_images
from medtrans.reporting.comparison import ComparedCase, ComparedRuns, RunCost, render_comparison
from medtrans.reporting.ranking_table import Ranking
from medtrans.reporting.score_tables import worst_to_best
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation
from medtrans.stages._preparation_file import load_preparation
from medtrans.stages._run_cases import run_cases
from medtrans.training.journal import read_journal

CASES_WITH_IMAGES = 3


@dataclass(frozen=True)
class FinishedRun:
    """A run folder with its recipe, scores and training costs."""

    name: str
    folder: RunFolder
    recipe: Recipe
    evaluation: Evaluation
    cost: RunCost

    @cached_property
    def preparation(self) -> Preparation:
        """The preparation of the model."""
        return load_preparation(self.folder)


@dataclass(frozen=True)
class RunComparison:
    """Finished runs, and the comparison of their scores."""

    runs: tuple[FinishedRun, ...]
    comparison: Comparison

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self.comparison.to_dict(), "runs": {run.name: asdict(run.cost) for run in self.runs}}


def compare(
    folders: Sequence[Path], margins: Mapping[str, float] | None = None, primary: Sequence[str] = ()
) -> RunComparison:
    """Runs and the baselines of the first; `margins` are equivalence margins by the label of a metric.

    `primary` are the labels of the metrics that are tested, instead of those that the runs name.

    Raises InputRefused where folders are no finished runs or damaged, UsageError where their scores must not be
    compared or a margin is wrong.
    """
    if len(folders) < 2:
        raise UsageError("compare", "one run has no other to be compared with", "give two or more run folders")
    runs = [_finished(folder) for folder in folders]
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(twice, "is the name of two run folders", "rename one of them")
    for run in runs[1:]:
        refuse_difference(runs[0].evaluation, run.evaluation, (str(runs[0].folder.path), str(run.folder.path)))
        for case in sorted({score.case for score in run.evaluation.scores}):
            _refuse_other_grid(runs[0].folder, run.folder, case)
    evaluations = {run.name: run.evaluation for run in runs}
    return RunComparison(tuple(runs), compare_evaluations(evaluations, margins or {}, primary))


def comparison_outputs(folder: Path) -> tuple[Output, Output, Output]:
    """Table, JSON and page of a comparison."""
    table, document = Output(folder / "comparison.csv", "table"), Output(folder / "comparison.json", "JSON file")
    return table, document, Output(folder / "comparison.html", "page")


def write_comparison(folder: Path, found: RunComparison, *, overwrite: bool = False) -> Path:
    """Write comparison.csv, comparison.json and comparison.html into `folder`; returns the page. Raises UsageError."""
    outputs = comparison_outputs(folder)
    plan_outputs(outputs, overwrite=overwrite)
    compared, (table, document, page) = found.comparison, (output.path for output in outputs)
    rankings = [
        Ranking(table.metric, table.direction, table.lines, table.margin, table.primary) for table in compared.tables
    ]
    content = ComparedRuns(
        definition=compared.definition,
        subjects=compared.subjects,
        runs={run.name: run.cost for run in found.runs},
        rankings=rankings,
        remark=compared.note,
    )
    write_atomically(table, compared.to_csv())
    write_atomically(document, to_json(found).encode())
    write_atomically(page, render_comparison(content, _cases(found.runs)))
    return page


def to_json(found: RunComparison) -> str:
    """Strict JSON."""
    return to_strict_json(found.to_dict())


def to_text(found: RunComparison) -> str:
    """One table for each metric."""
    return found.comparison.to_text()


def _finished(path: Path) -> FinishedRun:
    folder = RunFolder(path)
    for file in (folder.scores_json, folder.journal, folder.recipe):
        if not file.is_file():
            raise InputRefused(path, f"is no finished run: it has no {file.name}", "give folders made by medtrans run")
    evaluation = read_evaluation(folder)
    if not evaluation.scores:
        raise InputRefused(path, "has no scored case", "see its report.html")
    rows, recipe = read_journal(folder.journal), load_recipe(folder.recipe)
    if not rows:
        raise InputRefused(folder.journal, "has no rows", "copy it back from where it was complete, or run again")
    last = rows[-1]
    cost = RunCost(recipe.method, int(last["step"]), last["seconds"] / 60, recipe.training.clock)
    return FinishedRun(path.resolve().name, folder, recipe, evaluation, cost)


def _refuse_other_grid(one: RunFolder, other: RunFolder, case: str) -> None:
    """Where both translations are still there."""
    paths = [run.translation(case) for run in (one, other)]
    if not all(path.is_file() for path in paths):
        return
    (shape, affine), (their_shape, their_affine) = map(read_grid, paths)
    if shape != their_shape or not np.allclose(affine, their_affine, rtol=0, atol=AFFINE_TOLERANCE_MM):
        ours, theirs = _grid(shape, affine), _grid(their_shape, their_affine)
        what = f"{case} has another grid: {theirs} voxels, in {one.path} {ours} voxels"
        raise UsageError(other.path, what, "score both on the same volumes")


def _grid(shape: Sequence[int], affine: np.ndarray) -> str:
    sides = " x ".join(f"{side:.3g}" for side in np.linalg.norm(affine[:3, :3], axis=0))
    return f"{sides} mm, {' x '.join(map(str, shape))}"


def _cases(runs: Sequence[FinishedRun]) -> list[ComparedCase]:
    """Some cases from the worst to the best of the first run, with the translation of every run."""
    first = runs[0]
    cases = {case.name: case for case in run_cases(first.recipe, first.folder)[0]}
    own = [score for score in first.evaluation.scores if score.system == TRANSLATED]
    compared = []
    for name in worst_to_best(own, CASES_WITH_IMAGES):
        images = {}
        for run in runs:
            preparation = run.preparation
            case = RunCase(cases[name], run.folder.translation(name), preparation, run.recipe.evaluating.region)
            modalities = preparation.source_modality, preparation.target_modality
            images[run.name], _ = case_images(case, *modalities)
        compared.append(ComparedCase(name, images))
    return compared

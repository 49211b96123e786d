"""Compare scored folders on the same cases: one table for each metric, and one page with images of the same slices.

A scored folder is a finished run, or one that `medtrans evaluate --report` wrote, whoever made the volumes. They are
compared only where their scores have one definition, the same cases, the same voxels and the same grids; what differs
is named.
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
from medtrans.reporting.comparison import ComparedCase, ComparedSystems, RunCost, render_comparison
from medtrans.reporting.comparison_latex import to_tex
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.ranking_table import Ranking
from medtrans.reporting.score_tables import worst_to_best
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation
from medtrans.stages._preparation_file import load_preparation
from medtrans.stages._run_cases import run_cases
from medtrans.training.journal import read_journal

CASES_WITH_IMAGES = 3


@dataclass(frozen=True)
class ScoredSystem:
    """Scores by the name of what was scored; recipe and training cost where it is a run."""

    name: str
    folder: RunFolder
    evaluation: Evaluation
    recipe: Recipe | None = None
    cost: RunCost | None = None

    @cached_property
    def preparation(self) -> Preparation:
        """The preparation of the model of a run."""
        return load_preparation(self.folder)


@dataclass(frozen=True)
class SystemComparison:
    """What was scored, and the comparison of its scores."""

    systems: tuple[ScoredSystem, ...]
    comparison: Comparison

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        costs = {one.name: asdict(one.cost) if one.cost else None for one in self.systems}
        return {**self.comparison.to_dict(), "runs": costs}


def compare(
    folders: Sequence[Path], margins: Mapping[str, float] | None = None, primary: Sequence[str] = ()
) -> SystemComparison:
    """Scored folders and the baselines of the first; `margins` are equivalence margins by the label of a metric.

    `primary` are the labels of the metrics that are tested, instead of those that the folders name.

    Raises InputRefused where folders have no scores or are damaged, UsageError where their scores must not be
    compared or a margin is wrong.
    """
    if len(folders) < 2:
        raise UsageError("compare", "one folder has no other to be compared with", "give two or more scored folders")
    systems = [_scored(folder) for folder in folders]
    for other in systems[1:]:
        for case in sorted({score.case for score in other.evaluation.scores}):
            _refuse_other_grid(systems[0].folder, other.folder, case)
    return compared_systems(systems, margins, primary)


def compared_systems(
    systems: Sequence[ScoredSystem], margins: Mapping[str, float] | None = None, primary: Sequence[str] = ()
) -> SystemComparison:
    """Two systems or more, and the baselines of the first, as `compare`. Raises UsageError."""
    names = [one.name for one in systems]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(twice, "is the name of two folders", "rename one of them")
    first = systems[0]
    for other in systems[1:]:
        refuse_difference(first.evaluation, other.evaluation, (str(first.folder.path), str(other.folder.path)))
    evaluations = {one.name: one.evaluation for one in systems}
    return SystemComparison(tuple(systems), compare_evaluations(evaluations, margins or {}, primary))


def comparison_outputs(folder: Path) -> tuple[Output, Output, Output, Output]:
    """Table, JSON, LaTeX and page of a comparison."""
    table, document = Output(folder / "comparison.csv", "table"), Output(folder / "comparison.json", "JSON file")
    return table, document, Output(folder / "comparison.tex", "LaTeX file"), Output(folder / "comparison.html", "page")


def write_comparison(
    folder: Path,
    found: SystemComparison,
    cases: Sequence[ComparedCase] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write comparison.csv, .json, .tex and .html into `folder`; returns the page. Raises UsageError.

    `cases` are those with images; None takes the worst to the best of the first, where all systems are runs.
    """
    outputs = comparison_outputs(folder)
    plan_outputs(outputs, overwrite=overwrite)
    compared, (table, document, latex, page) = found.comparison, (output.path for output in outputs)
    rankings = [
        Ranking(table.metric, table.direction, table.lines, table.margin, table.primary) for table in compared.tables
    ]
    content = ComparedSystems(
        definition=compared.definition,
        subjects=compared.subjects,
        systems={one.name: one.cost for one in found.systems},
        rankings=rankings,
        remark=compared.note,
    )
    write_atomically(table, compared.to_csv())
    write_atomically(document, to_json(found).encode())
    write_atomically(latex, to_tex(content))
    write_atomically(page, render_comparison(content, _run_cases(found.systems) if cases is None else cases))
    return page


def to_json(found: SystemComparison) -> str:
    """Strict JSON."""
    return to_strict_json(found.to_dict())


def to_text(found: SystemComparison) -> str:
    """One table for each metric."""
    return found.comparison.to_text()


def _scored(path: Path) -> ScoredSystem:
    folder, name = RunFolder(path), path.resolve().name
    if not folder.scores_json.is_file():
        what, advice = (
            f"has no scores: there is no {folder.scores_json.name}",
            "give folders made by medtrans run, or by",
        )
        raise InputRefused(path, what, f"{advice} medtrans evaluate --report")
    missing = [file for file in (folder.recipe, folder.journal) if not file.is_file()]
    if len(missing) == 1:
        advice = "copy it back from where it was complete, or run again"
        raise InputRefused(path, f"is no finished run: it has no {missing[0].name}", advice)
    evaluation = read_evaluation(folder)
    if not evaluation.scores:
        raise InputRefused(path, "has no scored case", "see its report.html")
    if missing:
        return ScoredSystem(name, folder, evaluation)
    rows, recipe = read_journal(folder.journal), load_recipe(folder.recipe)
    if not rows:
        raise InputRefused(folder.journal, "has no rows", "copy it back from where it was complete, or run again")
    last = rows[-1]
    cost = RunCost(recipe.method, int(last["step"]), last["seconds"] / 60, recipe.training.clock)
    return ScoredSystem(name, folder, evaluation, recipe, cost)


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


def _run_cases(runs: Sequence[ScoredSystem]) -> list[ComparedCase]:
    """Some cases from the worst to the best of the first run, with the translation of every run."""
    recipes = [run.recipe for run in runs if run.recipe is not None]
    if len(recipes) < len(runs):
        return []
    cases = {case.name: case for case in run_cases(recipes[0], runs[0].folder)[0]}

    def images(run: ScoredSystem, recipe: Recipe, name: str) -> CaseImages:
        preparation = run.preparation
        case = RunCase(cases[name], run.folder.translation(name), preparation, recipe.evaluating.region)
        return case_images(case, preparation.source_modality, preparation.target_modality)[0]

    together = list(zip(runs, recipes, strict=True))
    names = shown_cases(runs[0].evaluation)
    return [ComparedCase(name, {run.name: images(run, recipe, name) for run, recipe in together}) for name in names]


def shown_cases(evaluation: Evaluation) -> list[str]:
    """Names of a few cases, from the worst translation to the best."""
    own = [score for score in evaluation.scores if score.system == TRANSLATED]
    return worst_to_best(own, CASES_WITH_IMAGES)

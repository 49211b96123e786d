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

from medtrans.batching.outputs import plan_outputs
from medtrans.core.errors import InputRefused
from medtrans.core.score import TRANSLATED, Evaluation
from medtrans.core.strict_json import to_strict_json
from medtrans.evaluating.comparison import Comparison, compare_evaluations
from medtrans.evaluating.run_cases import RunCase
from medtrans.preparing.preparation import Preparation
from medtrans.reading.storage import write_atomically
from medtrans.recipe import Recipe, load_recipe
from medtrans.reporting.case_selection import case_images
from medtrans.reporting.comparison import ComparedCase, ComparedSystems, RunCost, render_comparison
from medtrans.reporting.comparison_latex import to_tex
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.ranking_table import Ranking
from medtrans.reporting.score_tables import worst_to_best
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_outputs import comparison_outputs
from medtrans.stages._preparation_file import load_preparation
from medtrans.stages._run_cases import run_cases
from medtrans.stages._scored_folders import ScoredFolder, refuse_other_scores, scored_folders
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
    return compared_systems([_system(scored) for scored in scored_folders(folders)], margins, primary)


def compared_systems(
    systems: Sequence[ScoredSystem], margins: Mapping[str, float] | None = None, primary: Sequence[str] = ()
) -> SystemComparison:
    """Two systems or more, and the baselines of the first, as `compare`. Raises UsageError."""
    refuse_other_scores([(one.name, one.folder.path, one.evaluation) for one in systems])
    evaluations = {one.name: one.evaluation for one in systems}
    return SystemComparison(tuple(systems), compare_evaluations(evaluations, margins or {}, primary))


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


def _system(scored: ScoredFolder) -> ScoredSystem:
    folder = scored.folder
    if not scored.is_run:
        return ScoredSystem(scored.name, folder, scored.evaluation)
    rows, recipe = read_journal(folder.journal), load_recipe(folder.recipe)
    if not rows:
        raise InputRefused(folder.journal, "has no rows", "copy it back from where it was complete, or run again")
    last = rows[-1]
    cost = RunCost(recipe.method, int(last["step"]), last["seconds"] / 60, recipe.training.clock)
    return ScoredSystem(scored.name, folder, scored.evaluation, recipe, cost)


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

"""Scored folders that are to be compared: what shows that they can be, before anything else is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.score import Evaluation
from medtrans.core.volume import AFFINE_TOLERANCE_MM
from medtrans.evaluating.comparison import refuse_difference
from medtrans.reading.volumes import read_grid
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation


@dataclass(frozen=True)
class ScoredFolder:
    """A finished run, or a folder of `medtrans evaluate --report`, with its scores."""

    name: str
    folder: RunFolder
    evaluation: Evaluation
    is_run: bool


def scored_folders(paths: Sequence[Path]) -> list[ScoredFolder]:
    """The folders with their scores, in the order given.

    Raises InputRefused where one has no scores or is damaged, UsageError where they must not be compared.
    """
    if len(paths) < 2:
        raise UsageError("compare", "one folder has no other to be compared with", "give two or more scored folders")
    folders = [_scored(path) for path in paths]
    for other in folders[1:]:
        for case in sorted({score.case for score in other.evaluation.scores}):
            _refuse_other_grid(folders[0].folder, other.folder, case)
    refuse_other_scores([(one.name, one.folder.path, one.evaluation) for one in folders])
    return folders


def refuse_other_scores(systems: Sequence[tuple[str, Path, Evaluation]]) -> None:
    """Raises UsageError where two of (name, folder, scores) have one name, or scores that must not be compared."""
    names = [name for name, _, _ in systems]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(twice, "is the name of two folders", "rename one of them")
    (_, first, ours), *others = systems
    for _, other, theirs in others:
        refuse_difference(ours, theirs, (str(first), str(other)))


def _scored(path: Path) -> ScoredFolder:
    folder = RunFolder(path)
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
    return ScoredFolder(path.resolve().name, folder, evaluation, is_run=not missing)


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

"""Compare translations of the same targets by several systems, from files: each is scored, then all are compared.

It is `medtrans evaluate` with several translations; finished runs and scored folders are compared by stages/compare.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.score import Evaluation
from medtrans.evaluating.folder_cases import FolderCase, folder_cases
from medtrans.evaluating.matched_files import match_files
from medtrans.reading.names import stem
from medtrans.reading.patterns import TOKEN
from medtrans.reporting.case_selection import case_images
from medtrans.reporting.comparison import ComparedCase
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_outputs import comparison_outputs, evaluation_outputs
from medtrans.stages.compare import (
    ScoredSystem,
    SystemComparison,
    compared_systems,
    shown_cases,
    write_comparison,
)
from medtrans.stages.evaluate import evaluate
from medtrans.stages.evaluation_page import write_evaluation_page


def compare_translations(
    translated: Sequence[Path],
    target: Path,
    mask: Path | None,
    preset: str,
    report: Path | None = None,
    *,
    source: Path | None = None,
    mask_label: int | None = None,
    overwrite: bool = False,
    **options: Any,
) -> SystemComparison:
    """Score each of two or more files, folders or patterns as `evaluate`, and compare them under distinct names.

    `report` is a folder: the comparison is written there, and the page and scores of each system in a folder of its
    name. Raises UsageError, InputRefused, EnvironmentRefused.
    """
    folders = {name: (report or Path()) / name for name in system_names(translated)}
    if report is not None:
        given = [path for path in (*translated, target, mask, source) if path is not None]
        plan_outputs(_outputs(report, folders.values()), given, overwrite)
    shared: dict[str, Any] = {"source": source, "mask_label": mask_label}
    systems = [
        ScoredSystem(name, RunFolder(folder), evaluate(path, target, mask, preset, **shared, **options))
        for (name, folder), path in zip(folders.items(), translated, strict=True)
    ]
    found = compared_systems(systems)
    if report is not None:
        for system, path in zip(systems, translated, strict=True):
            shown = {**shared, "segmentation": options.get("segmentation"), "overwrite": overwrite}
            shown["resample_tilt"] = options.get("resample_tilt", False)
            write_evaluation_page(system.folder.path, system.evaluation, path, target, mask, **shown)
        names = dict(zip(folders, translated, strict=True))
        cases = _compared_cases(names, systems[0].evaluation, target, mask, source, mask_label)
        write_comparison(report, found, list(cases), overwrite=overwrite)
    return found


def system_names(paths: Sequence[Path]) -> list[str]:
    """The last parts of the paths that distinguish them: "a" and "b" of x/a/ct and x/b/ct, or of {subject}_a.nii.gz
    and {subject}_b.nii.gz."""
    parts = [[word for part in path.resolve().parts if (word := _word(part))] for path in paths]
    while len({path[-1] for path in parts}) < len(parts) and all(len(path) > 1 for path in parts):
        parts = [path[:-1] for path in parts]
    return [path[-1] for path in parts]


def _word(part: str) -> str:
    return stem(Path(TOKEN.sub("", part) or ".")).strip("_-. ")


def _outputs(report: Path, folders: Iterable[Path]) -> list[Output]:
    return [*comparison_outputs(report), *(output for one in folders for output in evaluation_outputs(RunFolder(one)))]


def _compared_cases(
    translated: dict[str, Path],
    first: Evaluation,
    target: Path,
    mask: Path | None,
    source: Path | None,
    mask_label: int | None,
) -> Iterator[ComparedCase]:
    files = {name: match_files(path, target, mask, source=source) for name, path in translated.items()}
    cases = {name: _by_name(folder_cases(found, mask_label=mask_label)) for name, found in files.items()}
    for case in shown_cases(first):
        images = {
            name: case_images(of_system[case], "MR", first.definition.modality, needs_source=source is not None)[0]
            for name, of_system in cases.items()
        }
        yield ComparedCase(case, images)


def _by_name(cases: Iterator[FolderCase]) -> dict[str, FolderCase]:
    return {case.name: case for case in cases}

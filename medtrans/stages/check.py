"""Check volumes, or the cases of a recipe, before anything is made from them. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding
from medtrans.reading.checks import check_cases, check_masks, check_volume
from medtrans.reading.cohort import unmatched_files
from medtrans.reading.formats import supported
from medtrans.reading.volumes import is_volume, volumes_in
from medtrans.runs import RunFolder

if TYPE_CHECKING:
    from medtrans.recipe import Recipe


def names_volumes(path: Path) -> bool:
    """Whether a path given to `check` is a volume, or a folder of volumes, and not a recipe. Raises UsageError."""
    if path.is_dir():
        return not RunFolder(path).recipe.exists()
    if is_volume(path):
        return True
    if path.is_file() and path.suffix not in (".yaml", ".yml"):
        raise UsageError(path, "is neither a volume nor a recipe", supported())
    return False


def check(path: Path, modality: str | None = None) -> list[Finding]:
    """Findings on a volume, or on all volumes in a folder. Raises UsageError for a folder without a volume."""
    if not path.is_dir() or is_volume(path):
        return check_volume(path, modality)
    files = volumes_in(path, deep=True)
    if not files:
        raise UsageError(path, "holds no volume", supported())
    return [finding for file in files for finding in check_volume(file, modality)]


def check_recipe(recipe: Recipe, cases: Sequence[Case] | None = None) -> list[Finding]:
    """Findings on the cases of a recipe, on the masks it needs, and on files that belong to no case."""
    cases = recipe.cases() if cases is None else cases
    scored_in_mask = recipe.translates and recipe.evaluating.region == "mask"
    unused = unmatched_files(recipe.reading, pairing=recipe.pairing)
    return [
        *check_cases(cases, recipe.reading),
        *check_masks(cases, scored_in_mask=scored_in_mask),
        *(_unused(path) for path in unused),
    ]


def _unused(path: Path) -> Finding:
    return Finding(
        code="unmatched-file",
        severity="warn",
        where=str(path),
        what="belongs to no case: its source or target is missing",
        consequence="the file is not used",
        advice="add the missing file",
    )

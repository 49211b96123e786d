"""Check volumes, or the cases of a recipe, before anything is made from them. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.catalogue import recipes
from medtrans.core.case import Case
from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.suggestions import did_you_mean
from medtrans.reading.checks import check_cases, check_masks, check_volume, unreadable
from medtrans.reading.cohort import unmatched_files, visits_left_out
from medtrans.reading.derived_series import is_dicom
from medtrans.reading.formats import supported
from medtrans.reading.memory import memory_errors
from medtrans.reading.series_tree import Series, find_series
from medtrans.reading.storage import entries_of
from medtrans.reading.volumes import is_volume, volumes_in
from medtrans.reading.zipped_series import is_zip, unpacked
from medtrans.runs import RunFolder
from medtrans.stages._checked_series import check_series

if TYPE_CHECKING:
    from medtrans.recipe import Recipe

RECIPES = (".yaml", ".yml")


def names_volumes(path: Path) -> bool:
    """Whether a path given to `check` is a volume, or a folder of volumes, and not a recipe. Raises InputRefused."""
    if path.is_dir():
        return not RunFolder(path).recipe.exists()
    if is_volume(path) or is_zip(path):
        return True
    if path.suffix in RECIPES or str(path) in recipes():
        return False
    if path.is_file():
        raise InputRefused(path, "is neither a volume nor a recipe", supported())
    raise InputRefused(path, "does not exist, and no pipeline has that name", did_you_mean(str(path), recipes()))


def check(path: Path, modality: str | None = None) -> list[Finding]:
    """Findings on a volume, or on all volumes in a folder. Raises InputRefused for a folder without a volume.

    A file or folder in it that cannot be read is a finding, and the others are checked.
    """
    if is_dicom(path) and path.is_dir():
        return check_series(_series_in(path), path, modality)
    if not is_volume(path) and is_zip(path):
        with unpacked(path) as folder:
            found = find_series(folder)
            if not found:
                raise InputRefused(path, "holds no DICOM file with an image", "give a zip of a series")
            return check_series(found, path, modality)
    if not path.is_dir() or is_volume(path):
        return check_volume(path, modality)
    files, findings = _volumes_below(path)
    if not files and not findings:
        raise InputRefused(path, "holds no volume", supported())
    return [*findings, *(finding for file in files for finding in _check_guarded(file, modality))]


def _check_guarded(file: Path, modality: str | None) -> list[Finding]:
    """A fault of medtrans itself must not hide what is wrong with the other files of a folder."""
    try:
        with memory_errors(file):
            if file.is_dir() and is_dicom(file) and (found := _series_in(file)):
                return check_series(found, file, modality)
            return check_volume(file, modality)
    except UsageError:
        raise
    except EnvironmentRefused as reason:
        return [unreadable(reason)]
    except Exception as reason:
        what = f"could not be checked ({type(reason).__name__}: {reason}), which is a fault of medtrans"
        advice = "report it with the file's header"
        return [Finding(code="internal", severity="refuse", where=str(file), what=what, advice=advice)]


def _series_in(folder: Path) -> list[Series]:
    """The series whose files lie in a folder itself."""
    return find_series(folder, depth=0)


def _volumes_below(folder: Path) -> tuple[list[Path], list[Finding]]:
    """The volumes in a folder and in all folders in it, sorted, and a finding on each folder that cannot be listed."""
    try:
        files = volumes_in(folder)
        below = [entry for entry in sorted(entries_of(folder)) if entry.is_dir() and not entry.is_symlink()]
    except EnvironmentRefused as reason:
        return [], [unreadable(reason)]
    findings: list[Finding] = []
    for entry in below:
        if entry not in files:
            more, found = _volumes_below(entry)
            files, findings = [*files, *more], [*findings, *found]
    return sorted(files), findings


def check_recipe(recipe: Recipe, cases: Sequence[Case] | None = None) -> list[Finding]:
    """Findings on the cases of a recipe, on the masks it needs, and on files that belong to no case."""
    cases = recipe.cases() if cases is None else cases
    scored_in_mask = recipe.translates and recipe.evaluating.region == "mask"
    if recipe.painting.target:
        return [finding for case in cases for finding in check_volume(case.sources[0], "labels")]
    unused = unmatched_files(recipe.reading, pairing=recipe.pairing)
    return [
        *check_cases(cases, recipe.reading, aligned=recipe.preparing.register is None),
        *check_masks(cases, scored_in_mask=scored_in_mask),
        *(_unused(path) for path in unused),
        *single_visits(recipe),
    ]


def single_visits(recipe: Recipe) -> list[Finding]:
    """Findings on people with one visit, where `reading.follow_up` pairs visits."""
    return [
        Finding(
            code="single-visit",
            severity="warn",
            where=visit.name,
            what=f"is the only visit of {visit.subject}",
            consequence="it is in no pair and is not used",
            advice="add another visit, or check reading.subject",
        )
        for visit in visits_left_out(recipe.reading)
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

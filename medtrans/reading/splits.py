"""Training, validation and test split, by subject; and a check that no volume is in two splits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from medtrans.core.case import Case, Split
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.volumes import hash_volume, size_of_volume

MIN_SUBJECTS_TO_SPLIT = 3


def assign_splits(cases: list[Case], settings: ReadingSettings) -> list[Case]:
    """The cases, all those of one subject in one split: of the table, of `test_subjects`, else drawn by the seed.

    Raises UsageError where a subject would be in two splits, or a test subject does not exist.
    """
    given = given_splits(cases)
    drawn = _draw_splits(sorted(subject for subject, splits in given.items() if not splits), settings)
    chosen = {subject: next(iter(splits)) if splits else drawn[subject] for subject, splits in given.items()}
    unknown = sorted(set(settings.test_subjects) - set(given))
    if unknown:
        advice = f"choose from: {', '.join(sorted(given)[:10])}; or set reading.subject"
        raise UsageError("reading.test_subjects", f"no subject is called {unknown[0]!r}", advice)
    for subject in settings.test_subjects:
        if chosen[subject] != "test":
            what = f"{subject} is a test subject, but its split in the table is {chosen[subject]}"
            raise UsageError("reading.test_subjects", what, "change one of the two")
    return [replace(case, split=chosen[case.subject]) for case in cases]


def given_splits(cases: Iterable[Case]) -> dict[str, set[Split]]:
    """Subject → the split that a table gives it, if any. Raises UsageError where it gives several."""
    given: dict[str, set[Split]] = {}
    for case in cases:
        given.setdefault(case.subject, set()).update({case.split} if case.split else set())
    for subject, splits in given.items():
        if len(splits) > 1:
            what = f"is in the splits {', '.join(sorted(splits))}"
            raise UsageError(f"subject {subject}", what, "give all its cases one split")
    return given


def refuse_without_training(cases: list[Case]) -> list[Case]:
    """The cases. Raises UsageError where none of them is a source, or a target, to train with."""
    training = [case for case in cases if case.split == "train"]
    if not any(case.sources for case in training) or not any(case.targets for case in training):
        advice = "name fewer test_subjects, or lower reading.validation_fraction and test_fraction"
        raise UsageError(
            "reading", "no training case is left", f"{advice}; in a table, give some cases the split train"
        )
    return cases


def refuse_leaks(cases: list[Case]) -> list[Case]:
    """The cases. Raises InputRefused where the same bytes are in two splits, whatever the names say."""
    sizes: dict[int, list[tuple[Case, Path]]] = {}
    for case in cases:
        for path in (*case.sources, *case.targets):
            sizes.setdefault(size_of_volume(path), []).append((case, path))
    for candidates in sizes.values():
        if len({case.split for case, _ in candidates}) < 2:
            continue
        first: dict[str, tuple[Case, Path]] = {}
        for case, path in candidates:
            other, twin = first.setdefault(hash_volume(path), (case, path))
            if other.split != case.split:
                where = f"{twin.name} ({other.split}) and {path.name} ({case.split})"
                raise InputRefused(where, "are the same file in two splits", "give both the same subject")
    return cases


def _draw_splits(subjects: list[str], settings: ReadingSettings) -> dict[str, Split]:
    """A split for each subject: the test subjects, fractions of the others, and training for the rest."""
    out: dict[str, Split] = dict.fromkeys(subjects, "train")
    others = [subject for subject in subjects if subject not in settings.test_subjects]
    order = [others[i] for i in np.random.default_rng(settings.seed).permutation(len(others))]
    tests = 0 if settings.test_subjects else _count(settings.test_fraction, len(order))
    out.update(dict.fromkeys(order[:tests], "test"))
    out.update(dict.fromkeys(_validating(order, tests, settings), "validation"))
    out.update({subject: "test" for subject in settings.test_subjects if subject in out})
    return out


def _validating(order: list[str], tests: int, settings: ReadingSettings) -> list[str]:
    """Those of the fold, among the subjects after the first `tests`. Raises UsageError where it has none."""
    fold, left = settings.fold, order[tests:]
    if settings.folds:
        return _of_folds(left, settings.folds, fold)
    validations = _count(settings.validation_fraction, len(order))
    first = fold * validations
    if fold and (not validations or first >= len(left)):
        last = max(math.ceil(len(left) / validations) - 1, 0) if validations else 0
        what = f"{fold} has no validation subject left, of {len(left)} that are not for the test"
        raise UsageError("reading.fold", what, f"give 0 … {last}, or another validation_fraction")
    return left[first : first + validations]


def _of_folds(subjects: list[str], folds: int, fold: int) -> list[str]:
    """Those of one of several parts, which are equal but for one subject. Raises UsageError where there is none."""
    if fold >= folds:
        raise UsageError("reading.fold", f"{fold} is not below reading.folds, {folds}", f"give 0 … {folds - 1}")
    if folds > len(subjects):
        what = f"{folds} parts cannot be made of {len(subjects)} subjects that are not for the test"
        raise UsageError("reading.folds", what, f"give at most {len(subjects)}")
    return subjects[fold::folds]


def _count(fraction: float, subjects: int) -> int:
    """At least one subject for a fraction above 0, where there are enough subjects; never all of them."""
    if not fraction or subjects < MIN_SUBJECTS_TO_SPLIT:
        return 0
    return min(max(round(fraction * subjects), 1), subjects - 2)

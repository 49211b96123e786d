"""Visits of a subject in the order of time, and pairs of them: follow-up.

    predict      source: the earlier visit      target: the later one
    harmonise    source: the later visit        target: the earlier one, whose look the translation is to have

The condition `years` is the time from source to target in years of 365.25 days, below 0 where the target is earlier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.reading.settings import FollowUpSettings, ReadingSettings

YEARS = "years"
"""Name of the condition."""
DAYS_IN_A_YEAR = 365.25


def pair_visits(visits: Sequence[Case], settings: FollowUpSettings) -> list[Case]:
    """A case for each pair of visits of a subject; subjects with one visit have none.

    It has the mask and the conditions of its source, and the change mask of the later visit, which holds what changed
    since the visit before, where none lies between. Raises UsageError where the order of visits is unknown, where dates
    run backwards, and where nobody has two visits.
    """
    of_subjects = _by_subject(visits)
    ordered = [_in_order(subject, own) for subject, own in of_subjects.items()]
    pairs = [pair for own in ordered for pair in _pairs(own, settings)]
    if not pairs:
        what = f"nobody has two visits: {_first(list(of_subjects))} have one each"
        raise UsageError("reading.follow_up", what, "give the visits of a person one subject, or set reading.subject")
    return pairs


def single_visits(visits: Sequence[Case]) -> list[Case]:
    """The visits of subjects who have no other."""
    return [own[0] for own in _by_subject(visits).values() if len(own) == 1]


def refuse_without_pairs(settings: ReadingSettings, pairing: str, method: str, where: str) -> None:
    """Raises UsageError where visits would be paired for a method whose images are their own targets."""
    if settings.follow_up and pairing == "alone":
        what = f"pairs visits, but for the method {method} each image is its own target"
        raise UsageError(f"{where}: reading.follow_up", what, "choose a method for pairs, such as regression")


def _by_subject(visits: Sequence[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for visit in visits:
        found.setdefault(visit.subject, []).append(visit)
    return found


def _in_order(subject: str, visits: Sequence[Case]) -> list[Case]:
    """By the numbers in the sessions; where a session has none, by date. Raises UsageError."""
    where = f"subject {subject}"
    keys = [_numbers(visit) for visit in visits]
    if not all(keys):
        keys = [(visit.day.toordinal(),) if visit.day else () for visit in visits]
    if len(visits) > 1 and not all(keys):
        unknown = next(visit for visit, key in zip(visits, keys, strict=True) if not key)
        what = f"has {len(visits)} visits, but {unknown.name} has no date and not all sessions have numbers"
        raise UsageError(where, what, "number the sessions, as in ses-1, or fill a column date: the order is unknown")
    order = sorted(range(len(visits)), key=keys.__getitem__)
    for one, other in pairwise(order):
        if keys[one] == keys[other]:
            what = f"{visits[one].name} and {visits[other].name} are one session, or of one day without session numbers"
            raise UsageError(where, what, "give each visit a session of its own")
    found = [visits[number] for number in order]
    _refuse_backwards(where, found)
    return found


def _numbers(visit: Case) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", visit.session))


def _refuse_backwards(where: str, visits: Sequence[Case]) -> None:
    dated = [(visit.day, visit) for visit in visits if visit.day]
    for (before, earlier), (day, later) in pairwise(dated):
        if day < before:
            what = f"{later.name} comes after {earlier.name} by its session, but is dated {day}, before {before}"
            raise UsageError(where, what, "correct the dates or the sessions: the time between would be below 0")


def _pairs(visits: Sequence[Case], settings: FollowUpSettings) -> Iterator[Case]:
    for (number, earlier), (other, later) in combinations(enumerate(visits), 2):
        if other == number + 1:
            yield _pair(earlier, later, settings)
        elif settings.pairs == "all":
            yield _pair(earlier, replace(later, change=None), settings)


def _pair(earlier: Case, later: Case, settings: FollowUpSettings) -> Case:
    source, target = (earlier, later) if settings.direction == "predict" else (later, earlier)
    if YEARS in source.conditions:
        what = f"is the time between two visits, but {source.name} has a condition of that name"
        raise UsageError(f"condition {YEARS}", what, "rename the column")
    time = {YEARS: _years(source.day, target.day)} if source.day and target.day else {}
    return replace(
        source,
        name=f"{source.name}_to_{target.session or target.name}",
        targets=target.targets or target.sources,
        split=source.split or target.split,
        conditions={**source.conditions, **time},
        change=later.change,
        changed_untaught=settings.direction == "harmonise" and later.change is not None,
    )


def _years(start: date, end: date) -> float:
    return (end - start).days / DAYS_IN_A_YEAR


def _first(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more

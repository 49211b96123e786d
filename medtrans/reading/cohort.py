"""Cases of a cohort, found by patterns (see `patterns`) or listed in a table.

"*_T1.nii.gz" finds sub-01_T1.nii.gz as the source of case "sub-01"; its target is the file in whose pattern `*` stands
for the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from medtrans.core.case import Case, Pair
from medtrans.core.errors import GridMismatch, InputRefused, UsageError
from medtrans.reading.case_names import refuse_unsafe_names
from medtrans.reading.grids import compare_grids
from medtrans.reading.patterns import Key, Pattern, refuse_mixed
from medtrans.reading.settings import EXAMPLES, ReadingSettings
from medtrans.reading.splits import assign_splits, given_splits, refuse_leaks
from medtrans.reading.storage import entries_of
from medtrans.reading.tables import cases_in_table
from medtrans.reading.visits import YEARS, pair_visits, single_visits
from medtrans.reading.volumes import read_channels, read_mask

Matches = Mapping[Key, Path]
"""What the files of a case have in common → the file."""

UNEQUAL = "make the texts at * equal, or name the parts {subject} and {session} in every pattern"


def find_cases(settings: ReadingSettings, *, pairing: str = "paired", conditions: Sequence[str] = ()) -> list[Case]:
    """All cases, each with its split, sorted by name; `conditions` are the columns of a table that must hold numbers.

    With the pairing "unpaired" a case may lack its targets or its sources; with "alone" its source is also its target.
    Raises InputRefused where files are missing, EnvironmentRefused where the folder cannot be listed, UsageError where
    a table is wrong or a subject would be in two splits. With `follow_up` a case is a pair of visits.
    """
    computed = (YEARS,) if settings.follow_up else ()
    cases = _examinations(settings, pairing, [name for name in conditions if name not in computed])
    if settings.follow_up:
        given_splits(cases)
        cases = sorted(pair_visits(cases, settings.follow_up), key=lambda case: case.name)
    refuse_unsafe_names([case.name for case in cases], settings.table or settings.root)
    if pairing == "alone":
        cases = [replace(case, targets=case.targets or case.sources) for case in cases]
    return refuse_leaks(assign_splits(cases, settings))


def visits_left_out(settings: ReadingSettings) -> list[Case]:
    """Examinations that are in no pair, since their subject has no other; none without `follow_up`."""
    return single_visits(_examinations(settings, "paired")) if settings.follow_up else []


def _examinations(settings: ReadingSettings, pairing: str, conditions: Sequence[str] = ()) -> list[Case]:
    if not settings.root.is_dir():
        what = "is not a folder" if settings.root.exists() else "does not exist"
        raise InputRefused(settings.root, what, "set reading.root, for example --set reading.root=DIR")
    entries_of(settings.root)
    table = settings.table
    cases = cases_in_table(settings.root, table, conditions) if table else _match_cases(settings, pairing)
    if settings.target is None and any(case.targets for case in cases):
        what = "is missing, but the table has targets"
        raise UsageError("reading.target", what, f"write target: {{modality: CT}}, or as in {EXAMPLES['target']}")
    return [replace(case, mask_label=settings.mask_label) for case in sorted(cases, key=lambda case: case.name)]


def unmatched_files(settings: ReadingSettings, *, pairing: str = "paired") -> list[Path]:
    """Files that match a pattern but belong to no case, because another file of the same name is missing."""
    if settings.table:
        return []
    sources, targets = _sources_and_targets(settings)
    names = _complete_names(sources, targets, pairing)
    return sorted({path for files in (*sources, *targets) for name, path in files.items() if name not in names})


def load_pair(case: Case) -> Pair:
    """The volumes of a case; several files become channels. Raises GridMismatch, InputRefused."""
    source = read_channels(case.sources) if case.sources else None
    target = read_channels(case.targets) if case.targets else None
    mask = read_mask(case.mask, case.mask_label) if case.mask else None
    first = source or target
    assert first is not None
    for role, other in (("target", target), ("mask", mask)):
        if other is not None and not first.shares_grid_with(other):
            difference = compare_grids(first, other)
            what = f"source and {role} are on different grids: {difference.what}"
            raise GridMismatch(case.name, what, difference.advice, difference.code)
    return Pair(case, source or first, target, mask)


def _match_cases(settings: ReadingSettings, pairing: str) -> list[Case]:
    sources, targets = _sources_and_targets(settings)
    masks = Pattern(settings.mask).files(settings.root) if settings.mask else {}
    changes = Pattern(settings.change).files(settings.root) if settings.change else {}
    lesions = Pattern(settings.lesion).files(settings.root) if settings.lesion else {}
    if not any(sources):
        what = f"no file matches {settings.source.pattern!r}"
        raise InputRefused(settings.root, what, "set reading.root and reading.source.pattern")
    names = _complete_names(sources, targets, pairing)
    if not names:
        wanted = settings.target.pattern if settings.target else ()
        raise UsageError(settings.root, f"no source has a target {wanted!r}", UNEQUAL)
    if settings.mask and not any(_of_case(key, masks) for key in names):
        what = f"{settings.mask!r} " + ("matches no case's name" if masks else "matches no file")
        kind = UsageError if masks else InputRefused
        raise kind("reading.mask", f"{what} in {settings.root}", "correct the pattern, or leave it out")
    return [
        Case(
            subject=key.subject_of(settings.subject),
            session=key.session_of(),
            name=key.name,
            sources=_all_or_none(key, sources),
            targets=_all_or_none(key, targets),
            mask=_of_case(key, masks),
            change=_of_case(key, changes),
            lesion=_of_case(key, lesions),
        )
        for key in names
    ]


def _of_case(key: Key, matches: Matches) -> Path | None:
    """The file of a case, or that of its subject where the pattern names no session."""
    return matches.get(key, matches.get(key._replace(session="")))


def _sources_and_targets(settings: ReadingSettings) -> tuple[list[Matches], list[Matches]]:
    """Matches of each pattern of both roles. Raises UsageError where a role has no pattern."""
    for role, image in (("source", settings.source), ("target", settings.target)):
        if image is not None and not image.patterns:
            raise UsageError(f"reading.{role}", "has no pattern", f"write {role}: {EXAMPLES[role]}, or give a table")
    patterns = {
        role: [Pattern(text) for text in image.patterns] if image else []
        for role, image in (("source", settings.source), ("target", settings.target))
    }
    masks = filter(None, (settings.mask, settings.change, settings.lesion))
    refuse_mixed([*patterns["source"], *patterns["target"], *map(Pattern, masks)])
    found: dict[str, list[Matches]] = {
        role: [pattern.files(settings.root) for pattern in some] for role, some in patterns.items()
    }
    return found["source"], found["target"]


def _complete_names(sources: Sequence[Matches], targets: Sequence[Matches], pairing: str) -> set[Key]:
    """The keys of cases: those with all files of both roles, or, without pairs, of one role."""
    required = [*sources, *targets] if pairing == "paired" else sources
    names = set.intersection(*map(set, required)) if required else set()
    if pairing != "paired" and targets:
        names |= set.intersection(*map(set, targets))
    return names


def _all_or_none(name: Key, matches: Sequence[Matches]) -> tuple[Path, ...]:
    return tuple(files[name] for files in matches) if all(name in files for files in matches) else ()

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused, UsageError
from medtrans.reading.checks import check_cases
from medtrans.reading.cohort import find_cases, load_pair, unmatched_files
from medtrans.reading.names import subject_of
from medtrans.reading.settings import ReadingSettings
from tests.reading.small_cohort import CT, MR, cohort, put


def test_cases_are_found_by_what_the_star_matches(tmp_path):
    cases = find_cases(cohort(tmp_path))
    assert [case.name for case in cases] == [f"sub{n}" for n in range(10)]
    assert all(case.sources[0].name == f"{case.name}_T1.nii.gz" for case in cases)
    assert all(case.mask.name == f"{case.name}_mask.nii.gz" for case in cases)


def test_a_star_may_stand_for_a_folder(tmp_path):
    for name in ("anna", "ben"):
        put(tmp_path / name / "t1.nii.gz", len(name))
        put(tmp_path / name / "t2.nii.gz", len(name) + 50)
    cases = find_cases(ReadingSettings(root=tmp_path, source=MR("*/t1.nii.gz"), target=MR("*/t2.nii.gz")))
    assert [case.subject for case in cases] == ["anna", "ben"]


def test_several_patterns_become_channels(tmp_path):
    cohort(tmp_path)
    settings = ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz", "*_mask.nii.gz"), target=MR("*_T2.nii.gz"))
    assert load_pair(find_cases(settings)[0]).source.channels == 2


def test_a_mask_pattern_that_finds_nothing_is_refused(tmp_path):
    settings = cohort(tmp_path, 3)
    with pytest.raises(InputRefused, match="matches no file"):
        find_cases(replace(settings, mask="*_msk.nii.gz"))
    with pytest.raises(UsageError, match="matches no case's name"):
        find_cases(replace(settings, mask="sub*_mask.nii.gz"))


def test_unpaired_cases_may_lack_a_side(tmp_path):
    put(tmp_path / "a_T1.nii.gz", 1)
    put(tmp_path / "b_CT.nii.gz", 2)
    settings = ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz"), target=CT("*_CT.nii.gz"))
    cases = find_cases(settings, pairing="unpaired")
    assert [(len(case.sources), len(case.targets)) for case in cases] == [(1, 0), (0, 1)]
    with pytest.raises(UsageError, match="no source has a target"):
        find_cases(settings)


def test_files_that_make_no_case_are_named(tmp_path):
    settings = cohort(tmp_path, 3)
    assert not unmatched_files(settings)
    (tmp_path / "sub1_T2.nii.gz").unlink()
    assert [path.name for path in unmatched_files(settings)] == ["sub1_T1.nii.gz"]
    assert not unmatched_files(settings, pairing="unpaired")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"source": MR("T1.nii.gz")}, UsageError),
        ({"source": MR("*_T9.nii.gz")}, InputRefused),
        ({"subject": "("}, UsageError),
        ({"subject": "z+"}, UsageError),
    ],
)
def test_patterns_that_find_nothing_are_refused(changes, kind, tmp_path):
    settings = cohort(tmp_path, 3)
    with pytest.raises(kind):
        find_cases(ReadingSettings(**{**vars(settings), **changes}))


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(InputRefused, match=r"reading\.root"):
        find_cases(ReadingSettings(root=Path("nowhere at all"), source=MR("*_T1.nii.gz")))


def test_a_pair_on_two_grids_is_refused_and_found(tmp_path):
    settings = cohort(tmp_path, 3)
    put(tmp_path / "sub1_T2.nii.gz", 77, np.diag([1, 1, 2, 1.0]))
    case = find_cases(settings)[1]
    with pytest.raises(GridMismatch, match="sub1"):
        load_pair(case)
    assert [f.severity for f in check_cases([case], settings)] == ["refuse"]


def test_patterns_are_needed_without_a_table(tmp_path):
    settings = cohort(tmp_path, 3)
    for role in ("source", "target"):
        with pytest.raises(UsageError, match=rf"reading\.{role}: has no pattern"):
            find_cases(replace(settings, **{role: MR()}))


def test_two_visits_are_one_subject_in_every_verb(tmp_path):
    for number, name in enumerate(("s01_v1", "s01_v2", "s02_v1")):
        put(tmp_path / f"{name}_T1.nii.gz", number)
        put(tmp_path / f"{name}_T2.nii.gz", number + 10)
    cases = find_cases(ReadingSettings(root=tmp_path, source=MR("*_T1.nii.gz"), target=MR("*_T2.nii.gz")))
    found = [(case.subject, case.session, subject_of(case.name)) for case in cases]
    assert found == [("s01", "v1", "s01"), ("s01", "v2", "s01"), ("s02", "v1", "s02")]

"""Patterns of several stars and of named parts."""

import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.cohort import find_cases
from medtrans.reading.patterns import Pattern, files_by_case, is_pattern
from medtrans.reading.settings import ReadingSettings
from tests.reading.small_cohort import CT, MR, put


def reading(root, source, target, **more):
    return ReadingSettings(root=root, source=MR(source), target=CT(target), **more)


def facts(cases):
    return [(case.name, case.subject, case.session) for case in cases]


def bids(root, sessions=("ses-1", "ses-2")):
    values = iter(range(1, 99))
    for number in range(3):
        for session in sessions:
            for place, name in (("anat", "T1w"), ("ct", "ct")):
                stem = "_".join(part for part in (f"sub-{number:02}", session, name) if part)
                put(root / f"sub-{number:02}" / session / place / f"{stem}.nii.gz", next(values))
        put(root / f"sub-{number:02}" / "mask.nii.gz", 1)
    return root


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("{subject}/{session}/anat/{subject}_{session}_T1w.nii.gz", "{subject}/{session}/ct/*.nii.gz"),
        ("{subject}/{session}/**/*_T1w.nii.gz", "{subject}/{session}/**/*_ct.nii.gz"),
        ("sub-*/ses-*/anat/sub-*_ses-*_T1w.nii.gz", "sub-*/ses-*/ct/sub-*_ses-*_ct.nii.gz"),
    ],
)
def test_bids_with_sessions_needs_no_table(source, target, tmp_path):
    expected = [(f"sub-0{n}_ses-{s}", f"sub-0{n}", f"ses-{s}") for n in range(3) for s in (1, 2)]
    assert facts(find_cases(reading(bids(tmp_path), source, target))) == expected


def test_bids_without_sessions_needs_no_table(tmp_path):
    cases = find_cases(
        reading(bids(tmp_path, [""]), "{subject}/anat/{subject}_T1w.nii.gz", "{subject}/ct/{subject}_ct.nii.gz")
    )
    assert facts(cases) == [(f"sub-0{n}", f"sub-0{n}", "") for n in range(3)]


def test_a_mask_of_the_subject_is_that_of_each_session(tmp_path):
    source, target = "{subject}/{session}/anat/*_T1w.nii.gz", "{subject}/{session}/ct/*_ct.nii.gz"
    cases = find_cases(reading(bids(tmp_path), source, target, mask="{subject}/mask.nii.gz"))
    assert [case.mask.parent.name for case in cases] == [case.subject for case in cases]


def test_stars_in_folders_and_names_are_the_name_together(tmp_path):
    values = iter(range(1, 9))
    for site in ("a", "b"):
        for name in ("p1_T1", "p1_CT", "p2_T1", "p2_CT"):
            put(tmp_path / "site" / site / f"{name}.nii.gz", next(values))
    names = ["a_p1", "a_p2", "b_p1", "b_p2"]
    for before in ("site/*/*", "**/*", "site/**/*"):
        cases = find_cases(reading(tmp_path, f"{before}_T1.nii.gz", f"{before}_CT.nii.gz"))
        assert [case.name.removeprefix("site_") for case in cases] == names


def test_a_named_part_that_is_there_twice_is_one_text(tmp_path):
    put(tmp_path / "p1" / "p1_T1.nii.gz", 1)
    put(tmp_path / "p1" / "p2_T1.nii.gz", 2)
    assert [path.name for path in Pattern("{subject}/{subject}_T1.nii.gz").files(tmp_path).values()] == ["p1_T1.nii.gz"]


def test_two_files_for_one_case_are_refused(tmp_path):
    bids(tmp_path)
    with pytest.raises(UsageError, match=r"finds two files for the case sub-00.*name \{subject\} and \{session\}"):
        Pattern("{subject}/**/*_T1w.nii.gz").files(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("T1.nii.gz", "holds no"),
        ("{subjct}/T1.nii.gz", "unknown part"),
        ("{session}/T1.nii.gz", "without {subject}"),
        ("**_T1.nii.gz", "stands for whole folders"),
        ("../*_T1.nii.gz", "leads out"),
        ("/*_T1.nii.gz", "leads out"),
    ],
)
def test_a_wrong_pattern_is_refused(pattern, message):
    with pytest.raises(UsageError, match=message):
        Pattern(pattern)


def test_patterns_that_cannot_match_each_other_are_refused(tmp_path):
    bids(tmp_path)
    with pytest.raises(UsageError, match="name the same parts"):
        find_cases(reading(tmp_path, "{subject}/{session}/anat/*_T1w.nii.gz", "*/*/ct/*_ct.nii.gz"))
    with pytest.raises(InputRefused, match="no file matches"):
        find_cases(reading(tmp_path, "{subject}/{session}/anat/*_T9w.nii.gz", "{subject}/{session}/ct/*_ct.nii.gz"))


@pytest.mark.parametrize(
    ("pattern", "names", "found"),
    [
        ("*_made.nii", ["a_made.nii", "b_made.nii", "b.json"], {"a": "a_made.nii", "b": "b_made.nii"}),
        ("{subject}_ct_*.mha", ["1_ct_v2.mha", "2_ct_v1.mha"], {"1": "1_ct_v2.mha", "2": "2_ct_v1.mha"}),
        ("{subject}/{session}/ct.mha", ["1/a/ct.mha", "1/b/ct.mha"], {"1_a": "1/a/ct.mha", "1_b": "1/b/ct.mha"}),
    ],
)
def test_a_path_that_is_a_pattern_has_a_file_for_each_case(tmp_path, pattern, names, found):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert is_pattern(tmp_path / pattern)
    cases = files_by_case(tmp_path / pattern)
    assert {case: file.relative_to(tmp_path).as_posix() for case, file in cases.items()} == found


def test_a_file_of_that_very_name_is_no_pattern(tmp_path):
    (tmp_path / "a*.nii").touch()
    assert not is_pattern(tmp_path / "a*.nii")
    assert not is_pattern(tmp_path)

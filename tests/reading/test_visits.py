from datetime import date

import pytest

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.reading.cohort import find_cases, load_pair, visits_left_out
from medtrans.reading.settings import FollowUpSettings, ReadingSettings
from medtrans.reading.visits import pair_visits, single_visits
from tests.reading.small_cohort import MR, put


def visit(name, session="", day=None, subject="p", **more):
    day = date.fromisoformat(day) if day else None
    return Case(subject=subject, name=name, sources=(f"{name}.nii.gz",), session=session, day=day, **more)


def pairs(*visits, **settings):
    return pair_visits(visits, FollowUpSettings(**settings))


def files(cases):
    return [(case.sources[0], case.targets[0]) for case in cases]


THREE = [visit("c", "ses-10"), visit("a", "ses-2"), visit("b", "ses-1")]


def test_each_visit_is_paired_with_the_next_by_the_numbers_of_the_sessions():
    assert files(pairs(*THREE)) == [("b.nii.gz", "a.nii.gz"), ("a.nii.gz", "c.nii.gz")]
    assert [case.name for case in pairs(*THREE)] == ["b_to_ses-2", "a_to_ses-10"]


def test_all_pairs_go_forward_in_time():
    found = files(pairs(*THREE, pairs="all"))
    assert found == [("b.nii.gz", "a.nii.gz"), ("b.nii.gz", "c.nii.gz"), ("a.nii.gz", "c.nii.gz")]


def test_sessions_without_numbers_are_ordered_by_date():
    late, early = visit("x", "baseline", "2021-06-01"), visit("y", "after", "2022-06-01")
    assert files(pairs(early, late)) == [("x.nii.gz", "y.nii.gz")]


def test_the_time_between_is_a_condition_in_years_whose_sign_is_that_of_the_direction():
    visits = visit("x", "1", "2020-01-01", conditions={"age": 40.0}), visit("y", "2", "2024-01-01")
    (forward,), (back,) = pairs(*visits), pairs(*visits, direction="harmonise")
    assert dict(forward.conditions) == {"age": 40.0, "years": 4.0}
    assert (files([back]), back.conditions["years"]) == ([("y.nii.gz", "x.nii.gz")], -4.0)
    (unknown,) = pairs(visit("x", "1"), visits[1])
    assert "years" not in unknown.conditions


def test_a_change_mask_belongs_to_the_pair_of_a_visit_and_the_one_before():
    visits = [visit(name, str(number), change=f"{name}_change") for number, name in enumerate("abc")]
    assert [pair.change for pair in pairs(*visits)] == ["b_change", "c_change"]
    assert [pair.change for pair in pairs(*visits, direction="harmonise")] == ["b_change", "c_change"]
    assert [pair.change for pair in pairs(*visits, pairs="all")] == ["b_change", None, "c_change"]
    assert not any(pair.changed_untaught for pair in pairs(*visits))
    untaught = [pair.changed_untaught for pair in pairs(*visits, direction="harmonise", pairs="all")]
    assert untaught == [True, False, True]


def test_two_sessions_of_one_day_are_no_time_apart():
    (pair,) = pairs(visit("x", "1", "2020-01-01"), visit("y", "2", "2020-01-01"))
    assert pair.conditions["years"] == 0


def test_a_person_with_one_visit_is_left_out_and_named():
    alone = visit("z", subject="q")
    assert [case.subject for case in pairs(*THREE, alone)] == ["p", "p"]
    assert single_visits([*THREE, alone]) == [alone]


@pytest.mark.parametrize(
    ("visits", "message"),
    [
        ([visit("x", "1", "2021-05-01"), visit("y", "2", "2020-05-01")], "y comes after x .* dated 2020-05-01, before"),
        ([visit("x", "1", "2021-05-01"), visit("u", "2"), visit("y", "3", "2020-05-01")], "y comes after x"),
        ([visit("x", "before"), visit("y", "2")], "x has no date and not all sessions have numbers"),
        ([visit("x", "v1"), visit("y", "ses-1")], "x and y are one session"),
        ([visit("x", day="2021-05-01"), visit("y", day="2021-05-01")], "x and y are .* of one day"),
        ([visit("x", subject="a"), visit("y", subject="b")], "nobody has two visits: a, b have one each"),
        ([visit("x", "1", conditions={"years": 3.0}), visit("y", "2")], "condition years: .* x has a condition"),
    ],
)
def test_visits_that_cannot_be_paired_are_refused_by_name(visits, message):
    with pytest.raises(UsageError, match=message):
        pairs(*visits)


def cohort(folder, people=("sub-1", "sub-2", "sub-3"), **settings):
    for number, name in enumerate(people):
        for session in (1, 2, 3):
            put(folder / f"{name}_ses-{session}_T1.nii.gz", 3 * number + session)
    return ReadingSettings(root=folder, source=MR("*_T1.nii.gz"), target=MR("*_T1.nii.gz"), **settings)


def test_files_with_sessions_in_their_names_become_pairs_and_no_person_is_in_two_splits(tmp_path):
    settings = cohort(tmp_path, follow_up=FollowUpSettings())
    put(tmp_path / "sub-9_ses-1_T1.nii.gz", 99)
    cases = find_cases(settings)
    assert [case.name for case in cases[:2]] == ["sub-1_ses-1_to_ses-2", "sub-1_ses-2_to_ses-3"]
    assert len({(case.subject, case.split) for case in cases}) == len({case.split for case in cases}) == 3
    pair = load_pair(cases[0])
    assert (pair.target.voxels - pair.source.voxels == 100).all()
    assert [visit.name for visit in visits_left_out(settings)] == ["sub-9_ses-1"]


def test_a_table_may_not_put_two_visits_of_a_person_into_two_splits(tmp_path):
    cohort(tmp_path)
    lines = [f"sub-1,{n},sub-1_ses-{n}_T1.nii.gz,{split}" for n, split in ((1, "train"), (2, "test"))]
    (tmp_path / "visits.csv").write_text("\n".join(["subject,session,source,split", *lines]))
    follow_up = FollowUpSettings()
    with pytest.raises(UsageError, match=r"sub-1.* is in the splits test, train"):
        find_cases(ReadingSettings(root=tmp_path, source=MR(), table=tmp_path / "visits.csv", follow_up=follow_up))

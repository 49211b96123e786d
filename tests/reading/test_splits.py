import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.cohort import find_cases
from medtrans.reading.settings import ReadingSettings
from tests.reading.small_cohort import cohort, put, table


def test_the_split_is_by_subject_and_the_same_every_time(tmp_path):
    settings = cohort(tmp_path)
    first, second = find_cases(settings), find_cases(settings)
    assert first == second
    assert sorted(case.split for case in first) == ["test"] + ["train"] * 8 + ["validation"]
    put(tmp_path / "sub3_later_T1.nii.gz", 90)
    put(tmp_path / "sub3_later_T2.nii.gz", 91)
    visits = [case.split for case in find_cases(settings) if case.subject == "sub3"]
    assert len(visits) == 2
    assert len(set(visits)) == 1


def test_held_out_subjects_are_the_test(tmp_path):
    settings = cohort(tmp_path)
    chosen = ReadingSettings(**{**vars(settings), "test_subjects": ("sub4",), "validation_fraction": 0})
    assert {case.name for case in find_cases(chosen) if case.split == "test"} == {"sub4"}
    with pytest.raises(UsageError, match="sub44"):
        find_cases(ReadingSettings(**{**vars(settings), "test_subjects": ("sub44",)}))


def test_a_held_out_subject_cannot_have_another_split_in_the_table(tmp_path):
    for number, name in enumerate("xyz"):
        put(tmp_path / f"{name}.nii.gz", number)
    for split, message in (
        ("train", "p is a test subject, but its split in the table is train"),
        ("test", None),
        ("", None),
    ):
        text = f"subject,source,split\np,x.nii.gz,{split}\nq,y.nii.gz,train\n"
        settings = ReadingSettings(**{**vars(table(tmp_path, text)), "test_subjects": ("p",)})
        if message is None:
            assert [case.split for case in find_cases(settings)] == ["test", "train"]
        else:
            with pytest.raises(UsageError, match=message):
                find_cases(settings)


def test_the_same_bytes_in_two_splits_are_a_leak(tmp_path):
    settings = cohort(tmp_path)
    test = next(case for case in find_cases(settings) if case.split == "test")
    train = next(case for case in find_cases(settings) if case.split == "train")
    train.sources[0].write_bytes(test.sources[0].read_bytes())
    with pytest.raises(InputRefused, match="same file in two splits"):
        find_cases(settings)


def test_folds_validate_every_subject_once_and_keep_the_test(tmp_path):
    settings = cohort(tmp_path)
    folds = [
        find_cases(ReadingSettings(**{**vars(settings), "validation_fraction": 0.2, "fold": fold})) for fold in range(5)
    ]
    split = {
        kind: [[c.subject for c in cases if c.split == kind] for cases in folds] for kind in ("test", "validation")
    }
    assert all(tests == split["test"][0] for tests in split["test"])
    assert sorted(sum(split["validation"], split["test"][0])) == sorted({case.subject for case in folds[0]})
    with pytest.raises(UsageError, match=r"reading\.fold: 5 has no validation subject left, of 9 .*give 0 … 4"):
        find_cases(ReadingSettings(**{**vars(settings), "validation_fraction": 0.2, "fold": 5}))
    with pytest.raises(UsageError, match=r"reading\.fold: .*give 0 … 0"):
        find_cases(ReadingSettings(**{**vars(settings), "validation_fraction": 0, "fold": 1}))


def test_folds_are_equal_parts_and_every_subject_validates_once(tmp_path):
    settings = cohort(tmp_path)
    folds = [find_cases(ReadingSettings(**{**vars(settings), "folds": 4, "fold": fold})) for fold in range(4)]
    tests = [{case.subject for case in cases if case.split == "test"} for cases in folds]
    assert tests[0] == tests[1] == tests[2] == tests[3] != set()
    validating = [case.subject for cases in folds for case in cases if case.split == "validation"]
    assert sorted(validating) == sorted({case.subject for case in folds[0]} - tests[0])
    for changes, message in (({"folds": 4, "fold": 4}, "give 0 … 3"), ({"folds": 10}, "10 parts cannot be made of 9")):
        with pytest.raises(UsageError, match=message):
            find_cases(ReadingSettings(**{**vars(settings), **changes}))

from pathlib import Path

import pytest

from medtrans.core.errors import UsageError
from medtrans.reading.case_patterns import files_by_case, is_case_pattern


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("pattern", "names", "found"),
    [
        ("{case}.nii.gz", ["a.nii.gz", "b.nii.gz", "b.json"], {"a": "a.nii.gz", "b": "b.nii.gz"}),
        (
            "{case}_synct_*.mha",
            ["1_synct_v2.mha", "2_synct_v1.mha", "2_ct.mha"],
            {"1": "1_synct_v2.mha", "2": "2_synct_v1.mha"},
        ),
        (
            "{case}/ct.mha",
            ["1BA01/ct.mha", "1BA02/ct.mha", "1BA02/mr.mha"],
            {"1BA01": "1BA01/ct.mha", "1BA02": "1BA02/ct.mha"},
        ),
        ("*/{case}/mr.nii", ["x/1/mr.nii", "y/2/mr.nii"], {"1": "x/1/mr.nii", "2": "y/2/mr.nii"}),
        ("{case}/{case}_ct.nii", ["1/1_ct.nii", "2/3_ct.nii"], {"1": "1/1_ct.nii"}),
        ("sub-{case}_T1w.nii", ["sub-a+b_T1w.nii"], {"a+b": "sub-a+b_T1w.nii"}),
        ("{case}_[1].nii", ["a_[1].nii", "b_1.nii"], {"a": "a_[1].nii"}),
    ],
)
def test_the_case_is_what_stands_in_its_place(tmp_path, pattern, names, found):
    make(tmp_path, *names)
    path = tmp_path / pattern
    assert is_case_pattern(path)
    assert {case: file.relative_to(tmp_path).as_posix() for case, file in files_by_case(path).items()} == found


def test_two_files_of_one_case_are_refused(tmp_path):
    make(tmp_path, "1_ct_a.nii", "1_ct_b.nii")
    with pytest.raises(UsageError, match="are both of case 1"):
        files_by_case(tmp_path / "{case}_ct_*.nii")


def test_a_folder_is_no_pattern():
    assert not is_case_pattern(Path("made"))

from dataclasses import replace
from datetime import date

import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.cohort import find_cases
from tests.reading.small_cohort import put, table


def test_a_table_names_files_splits_and_conditions(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    text = "subject,name,source_1,source_2,target,split,tesla\np,one,x.nii.gz,y.nii.gz,y.nii.gz,test,1.5\n"
    (case,) = find_cases(table(tmp_path, text))
    assert (case.subject, case.name, case.split, dict(case.conditions)) == ("p", "one", "test", {"tesla": 1.5})
    assert [path.name for path in case.sources] == ["x.nii.gz", "y.nii.gz"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_header_decides_what_separates_the_cells(separator, tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    text = "subject,source,tesla\np,x.nii.gz,1.5\n".replace(",", separator)
    (case,) = find_cases(table(tmp_path, text), conditions=["tesla"])
    assert (case.subject, case.conditions) == ("p", {"tesla": 1.5})


def test_columns_are_in_the_order_of_their_numbers(tmp_path):
    names = [f"source_{number}" for number in range(1, 11)]
    for name in names:
        put(tmp_path / f"{name}.nii.gz", 1)
    text = "subject," + ",".join(sorted(names)) + "\np," + ",".join(f"{name}.nii.gz" for name in sorted(names)) + "\n"
    (case,) = find_cases(table(tmp_path, text))
    assert [path.name for path in case.sources] == [f"{name}.nii.gz" for name in names]


def test_a_scanner_is_text_and_no_condition(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    (case,) = find_cases(table(tmp_path, "subject,source,scanner\np,x.nii.gz,Acme 3 T\n"))
    assert (case.scanner, dict(case.conditions)) == ("Acme 3 T", {})
    with pytest.raises(UsageError, match=r"column scanner.* 101 characters"):
        find_cases(table(tmp_path, f"subject,source,scanner\np,x.nii.gz,{'x' * 101}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subjekt,source\np,x.nii.gz\n", "subject and source"),
        ("subject,source\n", "no rows"),
        ('subject,"source"x\np,x.nii.gz\n', r"line \d: is not CSV"),
        ("subject,source\n,x.nii.gz\n", "line 2.*no subject"),
        ("subject,source,split\np,x.nii.gz,trian\n", "line 2.*'trian'"),
        ("subject,source,tesla\np,x.nii.gz,strong\n", "line 2, column tesla.*'strong'"),
        ("subject,source,tesla\np,x.nii.gz,nan\n", "line 2, column tesla.*'nan' is not a finite number"),
        ("subject,source,tesla\np,x.nii.gz,-inf\n", "line 2, column tesla.*'-inf'"),
        ("subject,source,tesla,tesla\np,x.nii.gz,1,2\n", "two columns named 'tesla'"),
        ("subject,source\np,x.nii.gz,extra\n", "line 2.*cells"),
        ("subject,name,source\np,../../../escaped,x.nii.gz\n", r"cases\.csv: the case .*escaped.* has a separator"),
        ("subject,name,source\np,one,x.nii.gz\nq,ONE,x.nii.gz\n", r"cases one and ONE|cases ONE and one"),
        ("subject,source,split\np,x.nii.gz,train\np,y.nii.gz,test\n", "subject p.*test, train"),
        ("subject,source\np,x.nii.gz\nq,x.nii.gz\n", "twice"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text, message, tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    with pytest.raises(UsageError, match=message):
        find_cases(table(tmp_path, text), conditions=["tesla"] if "tesla" in text else [])


def test_a_text_that_no_condition_asks_for_is_no_obstacle(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    text = "subject,source,sex,age\np,x.nii.gz,F,63\n"
    (case,) = find_cases(table(tmp_path, text), conditions=["age"])
    assert case.conditions == {"age": 63.0}
    with pytest.raises(UsageError, match=r"column sex.*'F' is not a finite number"):
        find_cases(table(tmp_path, text), conditions=["sex"])
    with pytest.raises(UsageError, match=r"has no column 'agee'.*did you mean 'age'"):
        find_cases(table(tmp_path, text), conditions=["agee"])


def test_a_missing_file_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputRefused, match=r"line 2, column source.*does not exist"):
        find_cases(table(tmp_path, "subject,source\np,nowhere.nii.gz\n"))


def test_targets_in_a_table_need_a_modality(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    settings = table(tmp_path, "subject,source,target\np,x.nii.gz,y.nii.gz\n")
    assert find_cases(settings)
    with pytest.raises(UsageError, match=r"reading\.target: is missing.*write target: \{modality: CT\}"):
        find_cases(replace(settings, target=None))


def test_a_table_may_name_sessions(tmp_path):
    for number, name in enumerate("xyz"):
        put(tmp_path / f"{name}.nii.gz", number)
    text = "subject,name,session,source\np,one,before,x.nii.gz\np,p_v2,,y.nii.gz\np,three,,z.nii.gz\n"
    cases = {case.name: case.session for case in find_cases(table(tmp_path, text))}
    assert cases == {"one": "before", "p_v2": "v2", "three": ""}


def test_a_table_may_give_dates(tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    put(tmp_path / "y.nii.gz", 2)
    text = "subject,source,date,tesla\np,x.nii.gz,2024-02-29,3\nq,y.nii.gz,,3\n"
    first, second = find_cases(table(tmp_path, text))
    assert (first.day, second.day) == (date(2024, 2, 29), None)
    assert dict(first.conditions) == {"tesla": 3.0}, "a date is no condition"


@pytest.mark.parametrize("text", ["31.01.2024", "2024-1-31", "20240131", "2024-02-30", "2024-W05-3", "2024-01-31T10"])
def test_a_date_is_a_day_of_the_calendar_in_iso_8601(text, tmp_path):
    put(tmp_path / "x.nii.gz", 1)
    with pytest.raises(UsageError, match=r"line 2, column date.* is not a date.*2024-01-31"):
        find_cases(table(tmp_path, f"subject,source,date\np,x.nii.gz,{text}\n"))

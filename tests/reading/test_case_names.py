import pytest

from medtrans.core.errors import UsageError
from medtrans.reading.case_names import refuse_unsafe_names


@pytest.mark.parametrize("name", ["sub-01_ses-2", "anna", "p07.v1", "Ärztin_3", "0", "nullify", "a" * 120])
def test_usual_names_pass(name):
    refuse_unsafe_names([name, "other"], "cases.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../../escaped", "separator"),
        ("/etc/passwd", "separator"),
        ("a/b", "separator"),
        ("a\\b", "separator"),
        ("C:x", "separator"),
        ("a\x00b", "cannot be printed"),
        ("a\nb", "cannot be printed"),
        ("a\x1b[31m", "cannot be printed"),
        ("..", "dot"),
        (".", "dot"),
        ("", "dot"),
        (".hidden", "dot"),
        ("-o", "minus"),
        (" a", "space"),
        ("a.", "dot"),
        ("NUL.x", "reserved"),
        ("é" * 61, "122 bytes"),
    ],
)
def test_names_that_are_no_plain_part_of_a_path_are_refused(name, expected):
    with pytest.raises(UsageError, match=expected) as refused:
        refuse_unsafe_names([name], "cases.csv")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("names", [("Anna", "anna"), ("stra\u00dfe", "STRASSE"), ("\u00e9", "e\u0301")])
def test_names_that_a_file_system_may_not_tell_apart_are_refused(names):
    with pytest.raises(UsageError, match="do not tell apart; rename one"):
        refuse_unsafe_names(names, "cases.csv")

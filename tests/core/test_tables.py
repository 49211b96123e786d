import csv
import io
import math

from medtrans.core.tables import text_table, to_csv

ROWS = [{"name": "dice[liver]", "value": 0.1 + 0.2}, {"name": 'a "b", c', "value": math.nan, "note": "–"}]


def test_csv_comes_back_as_it_was():
    first, second = csv.DictReader(io.StringIO(to_csv(ROWS).decode()))
    assert float(first["value"]) == 0.1 + 0.2
    assert (first["note"], second["name"], second["note"]) == ("", 'a "b", c', "–")


def test_columns_may_be_chosen_and_a_table_without_rows_has_its_header():
    assert to_csv([], ["a", "b"]) == b"a,b\n"


def test_text_is_aligned_and_brackets_are_no_markup():
    lines = text_table([{"": "dice[liver]", "mae": "1.00"}, {"": "x", "mae": "20.00"}]).splitlines()
    assert lines == ["               mae", "dice[liver]   1.00", "x            20.00"]


def test_a_long_table_is_not_wrapped():
    row = {f"column {number}": "x" * 40 for number in range(20)}
    assert len(text_table([row]).splitlines()) == 2


def test_nothing_is_nothing():
    assert text_table([]) == ""

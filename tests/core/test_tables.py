import csv
import io
import math

import numpy as np
import pytest

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


@pytest.mark.parametrize("text", ["=1+2", "+1+2", "-1+2", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+2"])
def test_text_that_begins_as_a_formula_is_marked_as_text(text):
    rows = list(csv.reader(io.StringIO(to_csv([{"case": text, "value": 1}]).decode(), newline="")))
    assert rows[1] == ["'" + text, "1"]
    head = next(csv.reader(io.StringIO(to_csv([{text: 1}]).decode(), newline="")))
    assert head == ["'" + text]


@pytest.mark.parametrize("number", [-1.5, -1e-300, float("-inf"), -3, np.float64(-0.1), "-1.5", "+2", "-inf"])
def test_numbers_stay_numbers(number):
    rows = list(csv.reader(io.StringIO(to_csv([{"value": number}]).decode())))
    assert float(rows[1][0]) == float(number)


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\n=1+2", "\t=1", "a\x1b[31mb"])
def test_a_row_is_one_line_of_visible_characters_whatever_a_name_holds(text):
    assert to_csv([{"case": text}]).decode().splitlines() == ["case", text.encode("unicode_escape").decode()]

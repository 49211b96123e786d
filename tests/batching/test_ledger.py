import json
from dataclasses import replace

import pytest

from medtrans.batching.ledger import Ledger, Line, now


def line(output="a.nii.gz", **changes):
    facts = {
        "case": "a",
        "output": output,
        "input_sha256": "1",
        "model_sha256": "2",
        "settings": {"batch": 1},
        "verdict": "done",
        "time": now(),
    }
    return Line(**{**facts, **changes})


def test_what_was_written_is_read_again(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.add(line(verdict="begun"))
    ledger.add(line("b.nii.gz", message='it said "no"\nand more'))
    last = line(output_sha256="3")
    ledger.add(last)
    assert Ledger(tmp_path)["a.nii.gz"] == last
    assert Ledger(tmp_path)["b.nii.gz"].message == 'it said "no"\nand more'
    assert Ledger(tmp_path)["c.nii.gz"] is None
    rows = [json.loads(row) for row in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert [row["output"] for row in rows] == ["a.nii.gz", "b.nii.gz"]


@pytest.mark.parametrize("tail", ['{"case": "b", "outp', "\x00\x00\xff", "[]", '{"case": "b"}', "null"])
def test_a_last_line_cut_short_takes_nothing_else_with_it(tmp_path, tail):
    Ledger(tmp_path).add(line())
    with (tmp_path / "ledger.jsonl").open("a", encoding="latin-1") as file:
        file.write(tail)
    ledger = Ledger(tmp_path)
    assert ledger["a.nii.gz"] is not None
    assert ledger["b.nii.gz"] is None
    ledger.add(line("c.nii.gz"))
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 2


def test_parts_write_their_own_ledger_and_read_all(tmp_path):
    first, second = Ledger(tmp_path, (0, 2)), Ledger(tmp_path, (1, 2))
    first.add(line("a.nii.gz"))
    second.add(line("b.nii.gz"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger-0-of-2.jsonl", "ledger-1-of-2.jsonl"]
    whole = Ledger(tmp_path)
    assert whole["a.nii.gz"]
    assert whole["b.nii.gz"]


def test_the_latest_line_of_all_ledgers_counts(tmp_path):
    early, late = line(time="2026-01-01T00:00:00"), line(time="2026-01-02T00:00:00", verdict="failed")
    Ledger(tmp_path, (1, 2)).add(late)
    Ledger(tmp_path).add(early)
    assert Ledger(tmp_path)["a.nii.gz"] == late


def test_lines_have_one_origin_if_input_model_and_settings_agree():
    one = line()
    assert one.has_the_origin_of(replace(one, verdict="begun", time=now(), output_sha256="9"))
    for changes in ({"input_sha256": "9"}, {"model_sha256": "9"}, {"settings": {"batch": 2}}):
        assert not one.has_the_origin_of(replace(one, **changes))

import json
import os
from dataclasses import replace

import pytest

from medtrans.batching.ledger import Ledger, Line
from medtrans.core.errors import EnvironmentRefused
from medtrans.core.timestamps import now


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
    assert [row["output"] for row in rows] == ["a.nii.gz", "b.nii.gz", "a.nii.gz"]
    assert [row["verdict"] for row in rows] == ["begun", "done", "done"]


@pytest.mark.parametrize("tail", ['{"case": "b", "outp', "\x00\x00\xff", "[]", '{"case": "b"}', "null"])
def test_a_last_line_cut_short_proves_nothing_and_spoils_no_other(tmp_path, tail):
    Ledger(tmp_path).add(line())
    with (tmp_path / "ledger.jsonl").open("a", encoding="latin-1") as file:
        file.write(tail)
    ledger = Ledger(tmp_path)
    assert ledger["a.nii.gz"] is not None
    assert ledger["b.nii.gz"] is None
    ledger.add(line("c.nii.gz"))
    assert {output: again.verdict for output, again in Ledger(tmp_path).lines.items()} == {
        "a.nii.gz": "done",
        "c.nii.gz": "done",
    }


def test_a_ledger_that_is_too_large_is_refused_and_does_not_pass_for_empty(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)
    ledger.add(line("a.nii.gz"))
    ledger.refresh()
    monkeypatch.setattr("medtrans.batching.ledger.MAX_LEDGER_BYTES", ledger.path.stat().st_size)
    assert Ledger(tmp_path)["a.nii.gz"]
    ledger.add(line("b.nii.gz"))
    ledger.refresh()  # What is new alone counts, so that a batch goes on.
    with pytest.raises(EnvironmentRefused, match="another output folder"):
        Ledger(tmp_path)


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


def test_lines_have_the_same_origin_if_input_model_and_settings_agree():
    one = line()
    assert one.same_origin(replace(one, verdict="begun", time=now(), output_sha256="9"))
    for changes in ({"input_sha256": "9"}, {"model_sha256": "9"}, {"settings": {"batch": 2}}):
        assert not one.same_origin(replace(one, **changes))


def test_the_bytes_written_grow_linearly_with_the_number_of_cases(tmp_path, monkeypatch):
    """A ledger that was rewritten for each case wrote 52 GB for 10,000 cases."""
    write, written = os.write, []
    monkeypatch.setattr(os, "write", lambda file, data: written.append(len(data)) or write(file, data))
    monkeypatch.setattr(os, "fsync", lambda file: None)
    totals = {}
    for count in (100, 1000):
        written.clear()
        ledger = Ledger(tmp_path / str(count))
        for number in range(count):
            for verdict in ("begun", "done"):
                ledger.add(line(f"{number:05}.nii.gz", verdict=verdict))
        totals[count] = sum(written)
        assert totals[count] == (tmp_path / str(count) / "ledger.jsonl").stat().st_size
    assert totals[1000] == 10 * totals[100]


def test_lines_are_appended_and_flushed_and_what_is_written_is_never_changed(tmp_path, monkeypatch):
    flushed, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append(os.fstat(file).st_size) or fsync(file))
    ledger, before = Ledger(tmp_path), b""
    for verdict in ("begun", "failed", "begun", "done"):
        ledger.add(line(verdict=verdict))
        after = (tmp_path / "ledger.jsonl").read_bytes()
        assert after.startswith(before)
        assert flushed[-1] == len(after) > len(before)
        before = after
    assert Ledger(tmp_path)["a.nii.gz"].verdict == "done"


def test_two_processes_that_share_a_ledger_lose_no_line_of_each_other(tmp_path):
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    for number in range(5):
        one.add(line(f"one-{number}.nii.gz"))
        other.add(line(f"other-{number}.nii.gz"))
    assert len(Ledger(tmp_path).lines) == 10


def test_a_full_disk_is_reported_and_the_next_line_is_whole(tmp_path, monkeypatch):
    ledger, write = Ledger(tmp_path), os.write
    ledger.add(line())
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    with pytest.raises(EnvironmentRefused, match=r"the ledger cannot be written .*; free space"):
        ledger.add(line("b.nii.gz"))
    assert ledger["b.nii.gz"] is None
    monkeypatch.setattr(os, "write", write)
    ledger.add(line("c.nii.gz"))
    assert sorted(Ledger(tmp_path).lines) == ["a.nii.gz", "c.nii.gz"]

"""Two processes translate one folder at once: no line is lost, and --resume is right afterwards."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity
from tests.batching.outcomes import verdicts
from tests.hostile.test_translations import assert_consistent
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of

pytestmark = pytest.mark.hostile
SCRIPT = Path(__file__).with_name("translate_rounds.py")
ROUNDS, CASES = 60, 3


def test_no_line_is_lost_and_resuming_is_right_after_every_round(tmp_path):
    cases, out = tmp_path / "cases", tmp_path / "out"
    for folder in (cases, out):
        folder.mkdir()
    for number in range(CASES):
        save_nifti(cases / f"sub-{number}.nii.gz", ball((9, 8, 7), seed=number)[0], oblique())
    command = [sys.executable, SCRIPT, cases, out]
    root = Path(__file__).parent.parent.parent
    run = {"cwd": root, "env": {**os.environ, "PYTHONPATH": str(root)}}
    both = [subprocess.Popen([*map(str, command), str(number), str(ROUNDS)], **run) for number in range(2)]
    assert [process.wait(timeout=500) for process in both] == [0, 0]
    translator = Ensemble([translator_of(Same(), identity=Identity("toy", name)) for name in "ab"])
    seen = Counter()
    for turn in range(ROUNDS):
        said = [tuple(each) for n in range(2) for each in json.loads((out / f"{turn}-{n}.json").read_text())]
        seen.update(verdict for verdict, _ in said)
        assert {verdict for verdict, _ in said} <= {"done", "skipped", "refused"}, said
        rows = [json.loads(row) for row in (out / str(turn) / "ledger.jsonl").read_text().splitlines()]
        count = Counter(row["verdict"] for row in rows)
        assert count == {verdict: sum(one == "done" for one, _ in said) for verdict in ("begun", "done")}
        assert_consistent(out / str(turn))
        assert verdicts(translate_files(cases, out / str(turn), translator, resume=True)) == ["skipped"] * CASES
    assert seen["done"] >= ROUNDS * CASES
    assert seen["skipped"], "the processes never met"

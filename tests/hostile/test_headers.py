"""Mutated volume files are read and consistent, or refused in words: no other error, no warning, no hang, no memory.

`--mutations N` decides how many files are read (20,000 are some minutes, 1,000,000 a night).
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from medtrans.reading.checks import check_volume
from medtrans.reading.volumes import read_volume
from tests.hostile.mutations import bases, mutation
from tests.hostile.text_mutations import text_bases, text_mutation

pytestmark = pytest.mark.hostile
SCRIPT = Path(__file__).with_name("read_mutations.py")
TEXT_EVERY = 200
"""A file with a text header is read by a process of its own, which takes as long as that many others."""


def read_all(kind, folder, last):
    """Read the files of the seeds below `last`; a file of which the process dies is a fault, and the rest go on."""
    root, first = Path(__file__).parent.parent.parent, 0
    while first < last:
        command = [sys.executable, SCRIPT, kind, folder, str(first), str(last)]
        code = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False).returncode
        if code == 0:
            break
        seed = int((folder / "now").read_text())
        dead = {"seed": seed, "fault": f"the process died ({code})"}
        with (folder / "faults.jsonl").open("a") as faults:
            print(json.dumps(dead), file=faults)
        first = seed + 1
    rows = [json.loads(row) for row in (folder / "counts.jsonl").read_text().splitlines()]
    return sum(map(Counter, rows), Counter()), (folder / "faults.jsonl").read_text()


@pytest.mark.parametrize("kind", ["nifti", "text"])
def test_a_mutated_file_is_read_or_refused_and_nothing_else(kind, tmp_path, pytestconfig, record_property):
    asked = pytestconfig.option.mutations
    count = asked if kind == "nifti" else -(-asked // TEXT_EVERY)
    counts, faults = read_all(kind, tmp_path, count)
    figures = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    record_property("hostile", f"{count} mutated files ({kind}): {figures}")
    assert not faults, f"seed, fault and smallest file:\n{faults}"
    assert sum(counts.values()) == count
    assert {"refused", "read"} <= set(counts)


def test_a_seed_is_one_file_for_ever():
    assert str(mutation(7)) == str(mutation(7))
    assert mutation(7).content == mutation(7).content
    assert len({str(mutation(seed)) for seed in range(100)}) == 100
    assert str(text_mutation(7)) == str(text_mutation(7))


@pytest.mark.parametrize("name", [*bases(), *text_bases()])
def test_a_sound_file_has_no_finding_but_the_one_it_is_made_for(name, tmp_path):
    content = bases().get(name) or text_bases()[name]
    path = tmp_path / (f"{name}.nii" if name in bases() else name)
    path.write_bytes(content)
    expected = {"nowhere": ["no-place-in-space", "left-handed-axes"], "channels": ["several-volumes"]}
    assert [finding.code for finding in check_volume(path)] in (expected.get(name, []), expected.get(name, [])[:1])
    assert read_volume(path).shape[:2] == (5, 6)

"""State of the process before torch: what is set, what the user's own variables keep, and what doctor says of it."""

import os
import subprocess
import sys

import pytest

from medtrans.cli import process

SCRIPT = """
import os, sys
from medtrans.cli.process import prepare_process
prepare_process()
assert "torch" not in sys.modules
import numpy, resource
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        numpy.ones(2**24, numpy.uint8)  # 16 MB, in pages of 4 KB or of 2 MB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults() > 100, os.environ.get("OMP_WAIT_POLICY"))
"""


def after_start(**variables):
    own = {name: value for name, value in os.environ.items() if name not in (*process.OF_WAITING, *process.OF_MEMORY)}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env={**own, **variables})
    return done.stdout.split(), done.stderr


@pytest.mark.skipif(not process._memory_is_ours({}), reason="the C library is not glibc")
def test_freed_memory_is_kept_and_threads_wait_asleep():
    assert after_start() == (["False", "PASSIVE"], "")


@pytest.mark.skipif(not process._memory_is_ours({}), reason="the C library is not glibc")
def test_what_the_user_has_set_stays():
    theirs = {"MALLOC_MMAP_THRESHOLD_": "131072", "OMP_WAIT_POLICY": "ACTIVE"}
    assert after_start(**theirs) == (["True", "ACTIVE"], "")
    tuned = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=131072", "GOMP_SPINCOUNT": "5"}
    assert after_start(**tuned) == (["True", "None"], "")


def test_a_quota_of_the_control_group_is_the_number_of_threads(tmp_path, monkeypatch):
    file = tmp_path / "cpu.max"
    for text, expected in (("150000 100000\n", 2), ("max 100000\n", None), ("", None)):
        file.write_text(text)
        assert process.processors_of_quota(file) == expected
    assert process.processors_of_quota(tmp_path / "absent") is None
    monkeypatch.setattr(process.os, "cpu_count", lambda: 64)
    monkeypatch.setattr(process, "processors_of_quota", lambda: 2)
    monkeypatch.setattr(process, "keep_memory", lambda: True)
    bare, theirs = {}, {"OMP_NUM_THREADS": "8"}
    process.prepare_process(bare)
    process.prepare_process(theirs)
    assert (bare["OMP_NUM_THREADS"], theirs["OMP_NUM_THREADS"]) == ("2", "8")


def test_doctor_says_what_was_chosen():
    command = [sys.executable, "-m", "medtrans", "doctor"]
    environment = {**os.environ, "OMP_WAIT_POLICY": "ACTIVE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "OMP_WAIT_POLICY=ACTIVE" in done.stdout
    for name in ("freed memory", "engine of translate", "bfloat16", "processor threads"):
        assert name in done.stdout

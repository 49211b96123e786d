"""Executors: every job once, whatever becomes of a process; the choice of their number."""

import json
import os
import time
from collections import Counter

import numpy as np
import pytest

from medtrans.batching.executors._serve import serve
from medtrans.batching.executors.choice import choose, process_bytes
from medtrans.batching.executors.processes import Processes
from medtrans.batching.executors.serial import Serial
from medtrans.batching.translate_case import Batch
from medtrans.cli.worker import work
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.stages.translate import translate
from tests.batching.toy_batch import Toy, jobs_of
from tests.translating.stand_ins import preparation_of, tiny_regression


def outcomes_of(executor, names, folder):
    """Outcomes by name, how often each case was begun, and the calls of the callback."""
    toy, calls = Toy(folder, os.getpid()), []
    jobs = jobs_of(*names)
    found = list(executor.run(toy, jobs, lambda *call: calls.append(call)))
    assert sorted(number for number, _ in found) == list(range(len(jobs)))
    begun = Counter(line.split()[0] for line in toy.lines())
    return {jobs[number].name: outcome for number, outcome in found}, begun, calls


@pytest.mark.parametrize("count", [1, 3])
def test_each_job_is_done_once(count, tmp_path):
    names = [f"case{number}" for number in range(20)]
    with Processes(count, serve) as executor:
        outcomes, begun, calls = outcomes_of(executor, names, tmp_path)
    assert {outcome.verdict for outcome in outcomes.values()} == {"done"}
    assert begun == dict.fromkeys(names, 1)
    assert {number for number, _ in calls} == set(range(20))


def test_this_process_alone_goes_in_order(tmp_path):
    _, begun, calls = outcomes_of(Serial(), ["a", "b"], tmp_path)
    assert list(begun) == ["a", "b"]
    assert calls == [(0, 0.0), (0, 0.5), (1, 0.0), (1, 0.5)]


def test_a_killed_process_loses_no_case(tmp_path):
    with Processes(2, serve) as executor:
        outcomes, begun, _ = outcomes_of(executor, ["wait", "dies", "a", "b", "c"], tmp_path)
    assert {outcome.verdict for outcome in outcomes.values()} == {"done"}
    assert begun == {"wait": 1, "dies": 2, "a": 1, "b": 1, "c": 1}


def test_a_case_that_kills_its_process_twice_fails_and_the_others_do_not(tmp_path):
    with Processes(2, serve) as executor:
        outcomes, begun, _ = outcomes_of(executor, ["wait", "fatal", "a"], tmp_path)
    assert [outcomes[name].verdict for name in ("wait", "fatal", "a")] == ["done", "failed", "done"]
    assert begun["fatal"] == 2
    assert outcomes["fatal"].exit_code == 5
    assert "ended twice, at last by signal 9" in outcomes["fatal"].message


def test_a_case_without_memory_beside_others_is_done_alone(tmp_path):
    with Processes(2, serve) as executor:
        outcomes, begun, _ = outcomes_of(executor, ["large", "a"], tmp_path)
    assert outcomes["large"].verdict == outcomes["a"].verdict == "done"
    assert begun == {"large": 2, "a": 1}


def test_two_processes_write_what_one_writes(tmp_path, monkeypatch):
    preparation = preparation_of()
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {})
    for number in range(5):
        voxels = np.random.default_rng(number).integers(-900, 1500, (1, 12, 12, 12)).astype(np.int16)
        write_volume(Volume(voxels, np.diag([2.0, 2, 2, 1])), tmp_path / "cases" / f"{number}.nii.gz")
    (tmp_path / "cases" / "2.nii.gz").write_bytes(b"no volume")
    words = {"model": tmp_path / "model", "device": "cpu", "engine": "torch"}
    alone = translate(tmp_path / "cases", tmp_path / "one", **words)
    outcome, two = Batch.outcome, tmp_path / "two"

    def after_the_other(batch, job, report):
        deadline = time.monotonic() + 60
        while not list(two.glob("*.nii.gz")) and time.monotonic() < deadline:
            time.sleep(0.05)
        return outcome(batch, job, report)

    monkeypatch.setattr(Batch, "outcome", after_the_other)
    with Processes(2, work) as executor:
        shared = translate(tmp_path / "cases", two, **words, executor=executor)
    fields = ("case", "verdict", "exit_code", "message")
    assert [[getattr(each, name) for name in fields] for each in alone] == [
        [getattr(each, name) for name in fields] for each in shared
    ]
    assert [outcome.verdict for outcome in shared].count("done") == 4
    for number in (0, 1, 3, 4):
        volumes = [read_volume(tmp_path / place / f"{number}.nii.gz") for place in ("one", "two")]
        assert np.array_equal(volumes[0].voxels, volumes[1].voxels)
        assert facts_of(tmp_path / "one" / f"{number}.json") == facts_of(two / f"{number}.json")
    verdicts = Counter(json.loads(line)["verdict"] for line in (two / "ledger.jsonl").read_text().splitlines())
    assert verdicts == {"begun": 4, "done": 4, "failed": 1}


def facts_of(sidecar):
    facts = json.loads(sidecar.read_text())
    return {key: value for key, value in facts.items() if key not in ("created", "seconds", "checksum")}


@pytest.mark.parametrize(
    ("cases", "processors", "free", "asked", "expected"),
    [
        (20, 2, 20e9, None, (2, 1)),
        (20, 2, 1.5e9, None, (1, 2)),
        (1, 8, 99e9, None, (1, 8)),
        (3, 8, 99e9, None, (3, 2)),
        (20, 8, 0.1e9, None, (1, 8)),
        (20, 8, None, None, (8, 1)),
        (20, 2, 1.5e9, 4, (4, 1)),
    ],
)
def test_processes_by_cases_processors_and_memory(cases, processors, free, asked, expected):
    choice = choose(cases, processors, 1e9, free=free, processes=asked)
    assert (choice.processes, choice.threads) == expected


def test_memory_of_a_process_grows_with_volume_weights_and_windows(tmp_path):
    small, large = tmp_path / "small.nii.gz", tmp_path / "large.nii.gz"
    for path, side in ((small, 8), (large, 64)):
        write_volume(Volume(np.random.default_rng(0).normal(size=(1, side, side, side)), np.eye(4)), path)
    slices = process_bytes([small], [])
    assert process_bytes([small, large], []) - slices == pytest.approx(14 * (64**3 - 8**3))
    (tmp_path / "config.json").write_text('{"preparation": {"settings": {"spatial_dims": 3}}}')
    (tmp_path / "model.safetensors").write_bytes(b"0" * 1000)
    assert process_bytes([small], [str(tmp_path)]) > slices + 2000
    assert process_bytes([tmp_path / "absent.nii"], ["head-mr-to-ct"]) == slices - 14 * 8**3

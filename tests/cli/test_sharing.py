"""A folder shared out among processes, tasks of SLURM or workers of Dask: options, and what is printed."""

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from medtrans.batching.ledger import Ledger
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading.volumes import write_volume
from tests.cli.local_slurm import MISSING, local_slurm
from tests.cli.verbs import run
from tests.translating.stand_ins import preparation_of, tiny_regression


def made_inputs(folder, count, side=12):
    preparation = preparation_of()
    save_model(folder / "model", tiny_regression(preparation), preparation, {})
    rng = np.random.default_rng(0)
    for number in range(count):
        voxels = rng.integers(-900, 1500, (1, side, side, side)).astype(np.int16)
        write_volume(Volume(voxels, np.diag([2.0, 2, 2, 1])), folder / "in" / f"{number:03d}.nii.gz")
    return ["translate", "-i", folder / "in", "-o", folder / "out", "-m", folder / "model", "--device", "cpu"]


def command(words, folder=None):
    """In a folder, of this very package."""
    here = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    words = [sys.executable, "-m", "medtrans", *map(str, words)]
    return subprocess.run(words, capture_output=True, text=True, env=here, cwd=folder)


def done_once(folder, count):
    lines = [
        json.loads(line) for path in folder.glob("ledger*.jsonl") for line in path.read_text().splitlines() if line
    ]
    done = sorted(line["case"] for line in lines if line["verdict"] == "done")
    assert done == [f"{number:03d}" for number in range(count)]
    assert len(list(folder.glob("*.nii.gz"))) == len(list(folder.glob("*.json"))) == count
    assert {line.verdict for line in Ledger(folder).lines.values()} == {"done"}
    assert not list(folder.glob(".*.part"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--processes", "2"], "--processes 2: one case is not shared out among processes"),
        (["--executor", "dask"], "--executor dask: one case is not shared out among processes"),
        (["--executor", "ray"], "--executor ray: is not an executor; give processes or dask"),
        (["--scheduler", "tcp://a:1"], "--scheduler tcp://a:1: is for Dask; add --executor dask"),
        (["--slurm"], "--slurm: one case is not shared out among tasks"),
    ],
)
def test_one_case_and_unknown_executors_are_refused(words, sentence, tmp_path, capfd):
    given = made_inputs(tmp_path, 1)
    code, _, err = run([*given[:2], tmp_path / "in" / "000.nii.gz", *given[3:], *words], capfd)
    assert code == 2
    assert sentence in err


def test_slurm_prints_a_script_and_does_no_more(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = made_inputs(tmp_path, 3)
    code, out, err = run([*words, "--slurm", "--num-parts", 2], capfd)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "#!/bin/sh"
    assert "#SBATCH --array=0-1" in lines
    assert "#SBATCH --cpus-per-task=2" in lines
    assert f"cd {tmp_path} || exit 5" in lines
    last = " ".join(["exec", sys.executable, "-m", "medtrans", *map(str, words), "--resume"])
    assert lines[-1] == last
    assert not (tmp_path / "out").exists()
    assert "--array=0-2" in run([*words, "--slurm"], capfd)[1]
    assert run([*words, "--slurm", "--overwrite"], capfd)[1].endswith("--overwrite\n")


def test_dask_that_is_not_installed_or_not_there_is_said(tmp_path, capfd, monkeypatch):
    words = [*made_inputs(tmp_path, 2), "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"]
    monkeypatch.setattr("medtrans.batching.executors.dask.CONNECT_SECONDS", 1)
    code, _, err = run(words, capfd)
    assert code == 5
    is_installed = importlib.util.find_spec("distributed") is not None
    assert ("tcp://127.0.0.1:1: cannot be reached" if is_installed else "pip install 'medtrans[dist]'") in err


def gone(group, seconds=60):
    """Whether all processes of a group end; that of Python which watches over them ends last."""
    deadline = time.monotonic() + seconds
    while alive(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def alive(group):
    """Without those that have ended and that nobody has waited for."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, number = file.read_text().rpartition(")")[2].split()[:3]
            found += [file] if int(number) == group and state != "Z" else []
    return found


@pytest.mark.slow
def test_ctrl_c_ends_all_processes_and_leaves_nothing_half(tmp_path):
    words = made_inputs(tmp_path, 40, side=64)
    running = subprocess.Popen(
        [sys.executable, "-m", "medtrans", *map(str, words), "--processes", "2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while len(list(tmp_path.glob("out/*.json"))) < 4:
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)  # As a terminal does.
    _, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert err.strip().splitlines()[-1].startswith("medtrans: error: interrupted; finished cases are kept")
    assert "Traceback" not in err
    assert not list((tmp_path / "out").glob(".*.part"))
    assert gone(running.pid)
    again = command([*words, "--resume", "--processes", "2"])
    assert again.returncode == 0, again.stderr
    done_once(tmp_path / "out", 40)


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} of SLURM not installed (apt install slurm-wlm munge)")
def test_tasks_of_a_slurm_array_share_a_folder(tmp_path):
    words = [*made_inputs(tmp_path, 10), "--slurm", "--num-parts", "3", "--processes", "1"]
    script = tmp_path / "job.sh"
    script.write_text(command(words, tmp_path).stdout)
    with local_slurm(tmp_path / "slurm") as environment:
        submit = ["sbatch", "--wait", "--mem=0", script]
        done = subprocess.run(submit, capture_output=True, text=True, env=environment, timeout=600, cwd=tmp_path)
        logs = [log.read_text() for log in tmp_path.glob("medtrans-*.log")]
        assert done.returncode == 0, (done.stderr, logs)
        assert len(logs) == 3
    done_once(tmp_path / "out", 10)
    assert len(list((tmp_path / "out").glob("ledger-*-of-3.jsonl"))) == 3


@pytest.mark.slow
def test_a_killed_worker_of_dask_loses_no_case(tmp_path):
    pytest.importorskip("distributed", reason="the extra dist is not installed")
    words = [*made_inputs(tmp_path, 200), "--executor", "dask", "--processes", "2"]
    words = [sys.executable, "-m", "medtrans", *map(str, words)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        try:
            while len(list(tmp_path.glob("out/*.json"))) < 100:
                assert running.poll() is None, running.stderr.read()
                time.sleep(0.05)
            killed = workers_of(running.pid)
            assert len(killed) == 2
            os.kill(killed[0], signal.SIGKILL)
            _, err = running.communicate(timeout=200)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, err
    assert gone(running.pid)
    done_once(tmp_path / "out", 200)


@pytest.mark.slow
def test_a_scheduler_of_dask_that_ends_is_said_and_a_new_one_continues(tmp_path):
    pytest.importorskip("distributed", reason="the extra dist is not installed")
    words = [*made_inputs(tmp_path, 20, side=32), "--executor", "dask", "--scheduler"]
    with dask_on_loopback(tmp_path / "first.json") as (address, scheduler):
        line = [sys.executable, "-m", "medtrans", *map(str, words), address]
        with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as running:
            while len(list(tmp_path.glob("out/*.json"))) < 3:
                assert running.poll() is None, running.stderr.read()
                time.sleep(0.05)
            scheduler.kill()
            err = running.communicate(timeout=100)[1]
        assert running.returncode == 5
        assert err.splitlines()[-1].startswith(
            f"medtrans: error: {address}: is not reached any more; finished cases are"
        )
        assert "Traceback" not in err
    with dask_on_loopback(tmp_path / "second.json") as (address, _):
        again = command([*words, address, "--resume"])
    assert again.returncode == 0, again.stderr
    done_once(tmp_path / "out", 20)


@contextlib.contextmanager
def dask_on_loopback(file):
    """Address and process of a scheduler that has two workers, as `dask scheduler` and `dask worker` start them."""
    own = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "PYTHONPATH": str(Path.cwd())},
    }
    python = [sys.executable, "-m"]
    where = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    fixed = ["--scheduler-file", file, "--nthreads", "1", "--nworkers", "2", "--no-dashboard", "--death-timeout", "60"]
    scheduler = subprocess.Popen([*python, "distributed.cli.dask_scheduler", *where], **own)
    workers = subprocess.Popen([*python, "distributed.cli.dask_worker", *fixed], **own)
    try:
        while not (file.exists() and file.read_text().endswith("}")):
            assert scheduler.poll() is None
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], scheduler
    finally:
        for process in (workers, scheduler):
            process.terminate()
            process.wait(60)


def workers_of(process):
    """Processes below one that hold a model: those with PyTorch in their memory."""
    tree, found = [process], []
    while tree:
        children = [
            int(number)
            for file in Path(f"/proc/{tree.pop()}/task").glob("*/children")  # Of all its threads.
            for number in file.read_text().split()
        ]
        tree += children
        found += children
    return [number for number in found if "libtorch_cpu" in Path(f"/proc/{number}/maps").read_text()]

"""Translating by torch and by OpenVINO, in turn: python docs/benchmarks/engines.py [--repeats 3] [--threads 2]

Whole commands, start-up included, on a synthetic head of 256 × 256 × 160 voxels of 1 mm: the shipped model
head-mr-to-ct, and the default 2.5D U-Net with untrained weights. Then a folder of 20 such heads of 4 mm: by one command
on one thread, and by two commands at a time with a half each. Medians of seconds, processor seconds and peak memory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from medtrans.core.method import Task
from medtrans.core.tables import text_table
from medtrans.methods.regression import Regression, RegressionSettings
from medtrans.models.folder import save_model
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume

HEADS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        models = {"head-mr-to-ct": "head-mr-to-ct", "default 2.5D U-Net": str(_default_model(folder / "default"))}
        head = folder / "head.nii.gz"
        rng = np.random.default_rng(0)
        write_volume(paint(make_head(0, shape=(256, 256, 160), spacing=1.0), "T1", rng), head)
        for name, model in models.items():
            rows = _in_turn(head, model, options.repeats, options.threads)
            print(f"{name}, 256×256×160, {options.threads} threads, medians of {options.repeats}")
            print(text_table(rows), flush=True)
        print(_folder(folder, options.repeats))


def _default_model(folder: Path) -> Path:
    preparing = PreparingSettings(target_normalisation=Linear())
    method = Regression(Task(spatial_dims=2, source_channels=5), RegressionSettings())
    save_model(folder, method, Preparation(preparing, "MR", "CT"), {})
    return folder


def _in_turn(head: Path, model: str, repeats: int, threads: int) -> list[dict[str, str]]:
    engines = {"torch": ["--engine", "torch"], "OpenVINO": ["--engine", "openvino"]}
    engines["OpenVINO, bfloat16"] = [*engines["OpenVINO"], "--precision", "bfloat16"]
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in engines}
    for _ in range(repeats):
        for name, words in engines.items():
            output = head.with_name("out.nii.gz")
            found[name].append(_measured(_command(head, output, model, threads, *words)))
    return [
        {
            "engine": name,
            "seconds": f"{median(run[0] for run in runs):.1f}",
            "processor seconds": f"{median(run[1] for run in runs):.1f}",
            "GiB": f"{max(run[2] for run in runs):.2f}",
        }
        for name, runs in found.items()
    ]


def _folder(folder: Path, repeats: int) -> str:
    """Seconds for twenty heads by one process and by two side by side, and the ratio of each pair of runs."""
    source = folder / "heads"
    for number in range(HEADS):
        rng = np.random.default_rng(number)
        head = make_head(number, shape=(64, 64, 48), spacing=4.0)
        write_volume(paint(head, "T1", rng), source / f"{number:02d}.nii.gz")
    one, two = [], []
    for run in range(repeats):
        output = folder / f"one{run}"
        began = time.monotonic()
        _wait([_command(source, output, "head-mr-to-ct", 1)])
        one.append(time.monotonic() - began)
        began = time.monotonic()
        parts = [["--num-parts", "2", "--part-id", str(part)] for part in range(2)]
        _wait([_command(source, folder / f"two{run}", "head-mr-to-ct", 1, *words) for words in parts])
        two.append(time.monotonic() - began)
    ratios = [a / b for a, b in zip(one, two, strict=True)]
    by_one = f"{HEADS} heads of 64×64×48 in a folder: {median(one):.1f} s by one command of one thread"
    return f"{by_one}, {median(two):.1f} s by two; ratio {median(ratios):.2f} (median of {repeats} pairs)"


def _command(source: Path, output: Path, model: str, threads: int, *words: str) -> list[str]:
    fixed = ["-i", str(source), "-o", str(output), "-m", model, "--threads", str(threads), "--overwrite"]
    return [sys.executable, "-m", "medtrans", "translate", *fixed, *words]


def _measured(command: Sequence[str]) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak GiB of a command."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(process.stderr.read().decode() if process.stderr else "failed")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def _wait(commands: Sequence[Sequence[str]]) -> None:
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    if any(process.wait() for process in running):
        raise SystemExit("a command failed")


if __name__ == "__main__":
    main()

"""Translating by torch and by OpenVINO, in turn: python docs/benchmarks/engines.py [--repeats 3] [--threads 2]

Whole commands, start-up included, on a synthetic head of 256 × 256 × 160 voxels of 1 mm: the shipped model
head-mr-to-ct, and the default 2.5D U-Net with untrained weights. Then a folder of 20 such heads of 4 mm: by one process
of one thread, of all threads, and by as many processes as the command takes by itself. Medians of seconds, processor
seconds and peak memory, that of the largest process.
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
from large_network import bfloat16

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
        print(_folder(folder, options.repeats), flush=True)


def _default_model(folder: Path) -> Path:
    preparing = PreparingSettings(target_normalisation=Linear())
    method = Regression(Task(spatial_dims=2, source_channels=5), RegressionSettings())
    save_model(folder, method, Preparation(preparing, "MR", "CT"), {})
    return folder


def _in_turn(head: Path, model: str, repeats: int, threads: int) -> list[dict[str, str]]:
    engines = {"torch": ["--engine", "torch"], "OpenVINO": ["--engine", "openvino"]}
    if bfloat16():
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
    """Twenty heads by one process of one thread, of all threads, and by the command's own choice, in turn."""
    source = folder / "heads"
    for number in range(HEADS):
        rng = np.random.default_rng(number)
        head = make_head(number, shape=(64, 64, 48), spacing=4.0)
        write_volume(paint(head, "T1", rng), source / f"{number:02d}.nii.gz")
    ways = {
        "1 process, 1 thread": ["--processes", "1", "--threads", "1"],
        "1 process, all threads": ["--processes", "1"],
        "as chosen": [],
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for run in range(repeats):
        for number, (name, words) in enumerate(ways.items()):
            fixed = ["-i", str(source), "-o", str(folder / f"out{run}-{number}"), "-m", "head-mr-to-ct"]
            found[name].append(_measured([sys.executable, "-m", "medtrans", "translate", *fixed, *words]))
    first = [run[0] for run in found["1 process, 1 thread"]]
    rows = [
        {
            "way": name,
            "seconds": f"{median(run[0] for run in runs):.1f}",
            "processor seconds": f"{median(run[1] for run in runs):.1f}",
            "volumes a minute": f"{median(60 * HEADS / run[0] for run in runs):.0f}",
            "times as fast": f"{median(one / run[0] for one, run in zip(first, runs, strict=True)):.2f}",
        }
        for name, runs in found.items()
    ]
    return f"{HEADS} heads of 64×64×48 in a folder, medians of {repeats}\n{text_table(rows)}"


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


if __name__ == "__main__":
    main()

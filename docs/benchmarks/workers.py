"""A folder by one worker and by two, in turn: python docs/benchmarks/workers.py [--executor dask] [--volumes 24]

Synthetic heads of 64×64×48 voxels by the shipped model head-mr-to-ct; workers of one thread each. Volumes a minute are
from the ledger: those after each worker's first, so that start and loading are left out. Processor seconds are those of
all processes for each volume, start-up included; "cores" are processor seconds by seconds: on an idle machine nearly
the number of workers. Where they are fewer, other work took the processors, and the ratio says little.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from medtrans.core.tables import text_table
from medtrans.phantoms import make_head, paint
from medtrans.reading.volumes import write_volume

WORKERS = (1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executor", choices=["dask", "processes"], default="dask")
    parser.add_argument("--volumes", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        heads = Path(place) / "heads"
        for number in range(options.volumes):
            head = make_head(number, shape=(64, 64, 48), spacing=4.0)
            write_volume(paint(head, "T1", np.random.default_rng(number)), heads / f"{number:03d}.nii.gz")
        runs = [
            [measured(heads, Path(place) / f"out{repeat}-{count}", options.executor, count) for count in WORKERS]
            for repeat in range(options.repeats)
        ]
    columns = {
        f"{count} of {options.executor}": list(found)
        for count, found in zip(WORKERS, zip(*runs, strict=True), strict=True)
    }
    print(f"{options.volumes} heads of 64×64×48, {os.cpu_count()} processors, medians of {options.repeats}")
    print(text_table([{"workers": name, **formatted(found)} for name, found in columns.items()]))
    for what in ("volumes a minute", "seconds"):
        ratios = [(two[what] / one[what]) ** (-1 if what == "seconds" else 1) for one, two in runs]
        print(f"two workers against one, by {what}: {median(ratios):.2f} times as fast")


def measured(heads: Path, output: Path, executor: str, count: int) -> dict[str, float]:
    """Of one command."""
    words = ["-i", str(heads), "-o", str(output), "-m", "head-mr-to-ct", "--device", "cpu", "--threads", str(count)]
    words += ["--executor", executor, "--processes", str(count)]
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "medtrans", "translate", *words], stderr=subprocess.PIPE)
    said = process.stderr.read().decode() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(said)
    seconds, used = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    ends = done(output)
    assert len(ends) == len(list(heads.iterdir()))
    return {
        "volumes a minute": 60 * (len(ends) - count) / (ends[-1] - ends[count - 1]),
        "seconds": seconds,
        "processor seconds": used / len(ends),
        "cores": used / seconds,
    }


def done(output: Path) -> list[float]:
    """When each case was done, in seconds; none twice."""
    lines = [json.loads(line) for line in (output / "ledger.jsonl").read_text().splitlines()]
    last = [line for line in lines if line["verdict"] == "done"]
    assert len({line["case"] for line in last}) == len(last)
    times = [datetime.fromisoformat(line["time"]).timestamp() for line in last]
    assert all(sooner <= later for sooner, later in pairwise(times))
    return times


def formatted(found: list[dict[str, float]]) -> dict[str, str]:
    return {name: f"{median(run[name] for run in found):.2f}" for name in found[0]}


if __name__ == "__main__":
    main()

"""A training step in 3D on a processor, with and without what the command sets: python docs/benchmarks/training_step.py

U-Net 16-32-64-128-128, patch of 96×112×96, batch 1, AdamW, by the training loop, in float32; in bfloat16 too where the
processor has instructions for it. Each way is a process of its own, all in turn; medians of the steps after the second.

    with       waiting threads sleep, freed memory is kept (medtrans/cli/process.py)
    without    as torch and the C library do it
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

STEPS, UNCOUNTED = 6, 2
SIDES = (96, 112, 96)
WAYS = {"with": [], "without": ["--bare"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--precision", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.precision:
        print(json.dumps(measured(options.precision, options.threads, bare=options.bare)))
        return
    from large_network import bfloat16

    from medtrans.core.tables import text_table

    precisions = ("32-true", "bf16-mixed") if bfloat16() else ("32-true",)
    ways = list(itertools.product(precisions, WAYS))
    found = {way: [] for way in ways}
    for _ in range(options.repeats):
        for precision, way in ways:
            command = [
                sys.executable,
                __file__,
                "--precision",
                precision,
                "--threads",
                str(options.threads),
                *WAYS[way],
            ]
            found[precision, way].append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
    columns = ("seconds", "processor seconds", "GiB")
    rows = [
        {"precision": precision, "process settings": way}
        | {name: f"{median(run[name] for run in runs):.2f}" for name in columns}
        for (precision, way), runs in found.items()
    ]
    print(f"training step, {options.threads} threads, medians of {options.repeats} processes")
    print(text_table(rows, left=("process settings",)))


def measured(precision: str, threads: int, *, bare: bool) -> dict[str, float]:
    """Seconds and processor seconds of a step, and most memory."""
    if not bare:
        from medtrans.cli.process import prepare_process

        prepare_process()
    import torch

    from medtrans.core.method import Batch, Task
    from medtrans.methods.regression import Regression, RegressionSettings
    from medtrans.networks.unet import UNetSettings
    from medtrans.runs import RunFolder
    from medtrans.training.loop import train
    from medtrans.training.processes import launch
    from medtrans.training.settings import TrainingSettings

    torch.set_num_threads(threads)
    x = torch.rand((1, 1, *SIDES), generator=torch.Generator().manual_seed(0))
    network = UNetSettings(channels=(16, 32, 64, 128, 128))
    method = Regression(Task(spatial_dims=3), RegressionSettings(generator=network))
    settings = TrainingSettings(
        steps=STEPS, batch=1, precision=precision, device="cpu", log_every=1, checkpoint_every=10**6
    )
    moments = []
    with tempfile.TemporaryDirectory() as folder:
        train(
            method,
            lambda first, last, rank, world: (Batch(x, x, torch.ones_like(x)) for _ in range(first, last)),
            settings,
            RunFolder(Path(folder)),
            launch(settings),
            keep=lambda *kept: None,
            on_progress=lambda now: moments.append((time.monotonic(), time.process_time())),
        )
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(moments[UNCOUNTED - 1 : STEPS - 1])]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "seconds": median(step[0] for step in steps),
        "processor seconds": median(step[1] for step in steps),
        "GiB": memory,
    }


if __name__ == "__main__":
    main()

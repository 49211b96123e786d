"""Benchmark: speed and memory on this machine.

Whole processes where a user starts one; medians of several runs; the plain reference in turn with ours within one
process, so that ratios hold on a noisy machine.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np
import torch

from medtrans.core.case import Case
from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.core.method import Batch, Task
from medtrans.core.suggestions import did_you_mean
from medtrans.core.volume import Volume
from medtrans.methods.cyclegan import CycleGAN, CycleGANSettings
from medtrans.methods.regression import Regression, RegressionSettings
from medtrans.metrics import load
from medtrans.models.folder import save_model
from medtrans.phantoms import make_head, paint
from medtrans.preparing.cache import cached
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from medtrans.runs import RunFolder
from medtrans.stages._published_cyclegan import training_steps
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

STEPS = 9
KIB_PER_GIB = 2**20


def benchmark(parts: Sequence[str]) -> Iterator[str]:
    """One line for this machine, then one for each part; all parts where none is named. Raises UsageError."""
    for name in parts:
        if name not in BENCHMARKS:
            raise UsageError("benchmark", f"there is no part named {name!r}", did_you_mean(name, BENCHMARKS))
    yield f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, torch {torch.__version__}"
    for name in parts or BENCHMARKS:
        yield BENCHMARKS[name]()


def measure_help() -> str:
    """medtrans --help."""
    seconds = [_timed(lambda: _run("--help"))[0] for _ in range(7)]
    return f"medtrans --help: {median(seconds):.2f} s (median of 7)"


def measure_check() -> str:
    """medtrans check of a small volume: starts without torch."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "head.nii.gz"
        _write_small(file)
        seconds = [_timed(lambda: _run("check", str(file)))[0] for _ in range(5)]
    return f"medtrans check, 64×64×40: {median(seconds):.2f} s (median of 5)"


def measure_evaluate() -> str:
    """medtrans evaluate of a small pair: starts without torch."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "head.nii.gz"
        _write_small(file)
        words = ["evaluate", "--translated", str(file), "--target", str(file), "--preset", "mr-percentile"]
        seconds = [_timed(lambda: _run(*words))[0] for _ in range(5)]
    return f"medtrans evaluate, 64×64×40: {median(seconds):.2f} s (median of 5)"


def measure_translate() -> str:
    """The default 2.5D model on a head of 256 × 256 × 160 voxels, start included."""
    with tempfile.TemporaryDirectory() as place:
        source, output, model = Path(place) / "head.nii.gz", Path(place) / "out.nii.gz", Path(place) / "model"
        _write_head(source)
        preparing = PreparingSettings(target_normalisation=Percentiles(typical_range=(0.0, 1000.0)))
        method = Regression(Task(spatial_dims=2, source_channels=5), RegressionSettings())
        save_model(model, method, Preparation(preparing, "MR", "MR"), {})
        words = ["translate", "-i", str(source), "-o", str(output), "-m", str(model), "--overwrite"]
        runs = [_timed(lambda: _run(*words)) for _ in range(3)]
    seconds, memory = median(run[0] for run in runs), max(run[1] for run in runs)
    where = "medtrans translate, 256×256×160, default 2.5D model"
    return f"{where}: {seconds:.1f} s (median of 3), {memory:.2f} GiB resident"


def measure_cyclegan(precision: Literal["32-true", "bf16-mixed"] = "32-true") -> str:
    """A CycleGAN step by the training loop, in turn with one of the published CycleGAN in plain PyTorch."""
    ours, plain = [], []
    method, steps = CycleGAN(Task(spatial_dims=2), CycleGANSettings()), training_steps(_noise(0, 10**6, 0, 1))
    settings = TrainingSettings(
        steps=STEPS, batch=1, ema_decay=0, log_every=100, checkpoint_every=100, device="cpu", precision=precision
    )
    last = [time.monotonic()]

    def between(_: object) -> None:
        ours.append(time.monotonic() - last[0])
        plain.append(_timed(lambda: next(steps))[0])
        last[0] = time.monotonic()

    with tempfile.TemporaryDirectory() as folder:
        train(
            method,
            _noise,
            settings,
            RunFolder(Path(folder)),
            launch(settings),
            keep=lambda *_: None,
            on_progress=between,
        )
    # The first step warms up; the last one also writes the checkpoint.
    ours, plain = ours[1:-1], plain[1:-1]
    ratios = sorted(one / other for one, other in zip(ours, plain, strict=True))
    where = f"CycleGAN step (ResNet-9, 64 filters, 128², batch 1, {precision})"
    return (
        f"{where}: {median(ours):.2f} s, plain {median(plain):.2f} s, "
        f"ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, median of {len(ratios)} pairs)"
    )


def measure_cyclegan_bf16() -> str:
    """The same in bfloat16, beside the plain reference in float32; faster where the processor has bfloat16."""
    return measure_cyclegan("bf16-mixed")


def measure_reading() -> str:
    """Preparing three heads for training, the first time and the second."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cases = []
        for number in map(str, range(3)):
            source, target = folder / f"{number}_source.nii.gz", folder / f"{number}_target.nii.gz"
            _write_head(source)
            _write_head(target)
            cases.append(Case(subject=number, name=number, sources=(source,), targets=(target,)))
        preparation = Preparation(PreparingSettings(target_normalisation=Percentiles()), "MR", "MR")

        def epoch() -> None:
            for pair in cached(cases, preparation, folder / "cache"):
                for side in pair:
                    assert side is not None
                    np.asarray(side.voxels).sum()

        first, second = _timed(epoch)[0], _timed(epoch)[0]
    return f"second epoch over 3 pairs of 256×256×160: {second:.2f} s, first {first:.2f} s, ratio {first / second:.0f}"


def measure_metrics() -> str:
    """MAE, PSNR and MS-SSIM of one pair."""
    rng = np.random.default_rng(0)
    target = rng.normal(0, 300, (256, 256, 128)).astype(np.float32)
    translated, mask = target + rng.normal(0, 50, target.shape).astype(np.float32), np.ones(target.shape, bool)
    metrics = [load(name)() for name in ("mae", "psnr", "ms_ssim")]
    seconds = [_timed(lambda: [metric(translated, target, mask) for metric in metrics])[0] for _ in range(3)]
    return f"MAE + PSNR + MS-SSIM of 256×256×128: {median(seconds):.1f} s (median of 3)"


BENCHMARKS: dict[str, Callable[[], str]] = {
    "help": measure_help,
    "check": measure_check,
    "evaluate": measure_evaluate,
    "translate": measure_translate,
    "cyclegan": measure_cyclegan,
    "cyclegan_bf16": measure_cyclegan_bf16,
    "reading": measure_reading,
    "metrics": measure_metrics,
}


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds an action took, and the GiB it returned, if it did."""
    began = time.monotonic()
    returned = action()
    return time.monotonic() - began, returned if isinstance(returned, float) else 0.0


def _run(*words: str) -> float:
    """Run medtrans in a process of its own; the most memory it held, in GiB. Raises EnvironmentRefused."""
    command = [sys.executable, "-m", "medtrans", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise EnvironmentRefused(" ".join(command), f"ended with {running.returncode}", "run it to see its error")
    return used.ru_maxrss / KIB_PER_GIB


def _small_head() -> Volume:
    return paint(make_head(0, shape=(128, 128, 80), spacing=1.6), "T1", np.random.default_rng(0))


def _write_head(path: Path) -> None:
    """256 × 256 × 160 voxels: those of a small head, repeated, which is quicker to make and as hard to translate."""
    voxels = _small_head().voxels.repeat(2, 1).repeat(2, 2).repeat(2, 3)
    write_volume(Volume(voxels.astype(np.int16), np.diag([0.8, 0.8, 0.8, 1.0])), path)


def _write_small(path: Path) -> None:
    """64 × 64 × 40 voxels."""
    head = _small_head()
    write_volume(Volume(head.voxels[:, ::2, ::2, ::2].astype(np.int16), np.diag([3.2, 3.2, 3.2, 1.0])), path)


def _noise(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
    for step in range(first, last):
        generator = torch.Generator().manual_seed(step)
        source, target = (torch.rand((1, 1, 128, 128), generator=generator) for _ in range(2))
        yield Batch(source, target)

"""Speed and memory on this machine: python -m medtrans.stages.benchmark [help translate cyclegan reading metrics]

Whole processes where a user starts one; medians of several runs; the plain way beside ours, in turn, in one run, so
that ratios hold on a noisy machine.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from medtrans.core.case import Case
from medtrans.core.method import Batch, Task
from medtrans.core.volume import Volume
from medtrans.methods.cyclegan import CycleGAN, CycleGANSettings
from medtrans.methods.regression import Regression, RegressionSettings
from medtrans.metrics import load
from medtrans.models.folder import save_model
from medtrans.phantoms import make_head, paint
from medtrans.preparing.cache import cached
from medtrans.preparing.normalisation import Percentiles
from medtrans.preparing.preparation import Preparation, PreparingSettings
from medtrans.reading.files import write_volume
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

SHAPE = (256, 256, 160)


def help_text() -> str:
    """medtrans --help."""
    seconds = [_timed(lambda: _run("--help"))[0] for _ in range(7)]
    return f"medtrans --help: {median(seconds):.2f} s (median of 7)"


def translate() -> str:
    """The default 2.5D model on a head of 256 × 256 × 160 voxels, start-up included."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _head(folder / "head.nii.gz")
        preparation = Preparation(PreparingSettings(target=Percentiles(typical=(0.0, 1000.0))))
        save_model(
            folder / "model", Regression(Task(spatial_dims=2, source_channels=5), RegressionSettings()), preparation, {}
        )
        words = [
            "translate",
            "-i",
            str(folder / "head.nii.gz"),
            "-o",
            str(folder / "out.nii.gz"),
            "-m",
            str(folder / "model"),
        ]
        runs = [_timed(lambda: _run(*words, "--overwrite")) for _ in range(3)]
    seconds, memory = median(run[0] for run in runs), max(run[1] for run in runs)
    return (
        f"medtrans translate, 256×256×160, default 2.5D model: {seconds:.1f} s (median of 3), {memory:.2f} GiB resident"
    )


def cyclegan() -> str:
    """A CycleGAN step by the loop, and the published one in plain PyTorch; in turn, so that both suffer alike."""
    ours, plain = [], []
    method, steps = CycleGAN(Task(spatial_dims=2), CycleGANSettings()), _published_steps()
    settings = TrainingSettings(steps=9, batch=1, averaging=0, journal_every=100, checkpoint_every=100, device="cpu")
    last = [time.monotonic()]

    def between(_: object) -> None:
        ours.append(time.monotonic() - last[0])
        plain.append(_timed(lambda: next(steps))[0])
        last[0] = time.monotonic()

    with tempfile.TemporaryDirectory() as folder:
        train(method, _noise, settings, Path(folder), launch(settings), keep=lambda *kept: None, on_progress=between)
    # The first step warms up; the last one also writes the checkpoint.
    ours, plain = ours[1:-1], plain[1:-1]
    ratios = sorted(one / other for one, other in zip(ours, plain, strict=True))
    return (
        f"CycleGAN step (ResNet-9, 64 filters, 128², batch 1): {median(ours):.2f} s, plain {median(plain):.2f} s, "
        f"ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, median of {len(ratios)} pairs)"
    )


def reading() -> str:
    """Preparing three heads for training, the first time and the second."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cases = []
        for number in range(3):
            files = [folder / f"{number}_{role}.nii.gz" for role in ("source", "target")]
            for file in files:
                _head(file)
            cases.append(Case(str(number), str(number), (files[0],), (files[1],)))
        preparation = Preparation(PreparingSettings(target=Percentiles()))

        def epoch() -> None:
            for pair in cached(cases, preparation, folder / "cache"):
                for side in pair:
                    assert side is not None
                    np.asarray(side.voxels).sum()

        first, second = _timed(epoch)[0], _timed(epoch)[0]
    return f"second epoch over 3 pairs of 256×256×160: {second:.2f} s, first {first:.2f} s, ratio {first / second:.0f}"


def metrics() -> str:
    """MAE, PSNR and MS-SSIM of one pair."""
    dice = np.random.default_rng(0)
    real = dice.normal(0, 300, (256, 256, 128)).astype(np.float32)
    made, body = real + dice.normal(0, 50, real.shape).astype(np.float32), np.ones(real.shape, bool)
    measures = [load(name)() for name in ("mae", "psnr", "ms_ssim")]
    seconds = [_timed(lambda: [measure(made, real, body) for measure in measures])[0] for _ in range(3)]
    return f"MAE + PSNR + MS-SSIM of 256×256×128: {median(seconds):.1f} s (median of 3)"


BENCHMARKS: dict[str, Callable[[], str]] = {
    "help": help_text,
    "translate": translate,
    "cyclegan": cyclegan,
    "reading": reading,
    "metrics": metrics,
}


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds an action took, and the GiB it returned, if it did."""
    began = time.monotonic()
    returned = action()
    return time.monotonic() - began, returned if isinstance(returned, float) else 0.0


def _run(*words: str) -> float:
    """Run medtrans in a process of its own; the most memory it held, in GiB."""
    command = [sys.executable, "-m", "medtrans.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}")
    return used.ru_maxrss / 2**20


def _head(path: Path) -> None:
    """A made head of SHAPE: a small one with its voxels repeated, which is quicker to make and as hard to translate."""
    small = paint(make_head(0, shape=(128, 128, 80), spacing=1.6), "T1", np.random.default_rng(0))
    voxels = small.voxels.repeat(2, 1).repeat(2, 2).repeat(2, 3)
    write_volume(Volume(voxels.astype(np.int16), np.diag([0.8, 0.8, 0.8, 1.0])), path)


def _noise(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
    for step in range(first, last):
        dice = torch.Generator().manual_seed(step)
        yield Batch(torch.rand((1, 1, 128, 128), generator=dice), torch.rand((1, 1, 128, 128), generator=dice))


def _published_steps() -> Iterator[None]:
    """Zhu et al.'s CycleGAN as it was published, without its pool: plain layers, plain Adam, one image at a time."""
    (g, f), (dx, dy) = [_published_generator() for _ in range(2)], [_published_discriminator() for _ in range(2)]
    generators = torch.optim.Adam([*g.parameters(), *f.parameters()], lr=2e-4, betas=(0.5, 0.999))
    discriminators = torch.optim.Adam([*dx.parameters(), *dy.parameters()], lr=2e-4, betas=(0.5, 0.999))

    def judged(judge: nn.Module, image: Tensor, truth: float) -> Tensor:
        logits = judge(image)
        return mse_loss(logits, torch.full_like(logits, truth))

    for batch in _noise(0, 10**6, 0, 1):
        x, y = batch.source, batch.target
        fake_y, fake_x = g(x), f(y)
        for judge in (dx, dy):
            judge.requires_grad_(False)
        loss = judged(dy, fake_y, 1) + judged(dx, fake_x, 1) + 10 * (l1_loss(f(fake_y), x) + l1_loss(g(fake_x), y))
        loss = loss + 5 * (l1_loss(g(y), y) + l1_loss(f(x), x))
        generators.zero_grad()
        loss.backward()
        generators.step()
        for judge in (dx, dy):
            judge.requires_grad_(True)
        loss = judged(dy, y, 1) + judged(dy, fake_y.detach(), 0) + judged(dx, x, 1) + judged(dx, fake_x.detach(), 0)
        discriminators.zero_grad()
        (loss / 2).backward()
        discriminators.step()
        yield


class _PublishedBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        half = [[nn.ReflectionPad2d(1), nn.Conv2d(256, 256, 3), nn.InstanceNorm2d(256)] for _ in range(2)]
        self.change = nn.Sequential(*half[0], nn.ReLU(True), *half[1])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


def _published_generator() -> nn.Module:
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(1, 64, 7), nn.InstanceNorm2d(64), nn.ReLU(True)]
    for n in (128, 256):
        layers += [nn.Conv2d(n // 2, n, 3, stride=2, padding=1), nn.InstanceNorm2d(n), nn.ReLU(True)]
    layers += [_PublishedBlock() for _ in range(9)]
    for n in (128, 64):
        doubling = nn.ConvTranspose2d(2 * n, n, 3, stride=2, padding=1, output_padding=1)
        layers += [doubling, nn.InstanceNorm2d(n), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(64, 1, 7), nn.Tanh())


def _published_discriminator() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(1, 64, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
    for n, stride in ((128, 2), (256, 2), (512, 1)):
        layers += [nn.Conv2d(n // 2, n, 4, stride=stride, padding=1), nn.InstanceNorm2d(n), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, padding=1))


if __name__ == "__main__":
    asked = sys.argv[1:] or list(BENCHMARKS)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, torch {torch.__version__}")
    for name in asked:
        if name not in BENCHMARKS:
            raise SystemExit(
                f"medtrans.stages.benchmark: nothing is named {name!r}; choose from {', '.join(BENCHMARKS)}"
            )
        print(BENCHMARKS[name](), flush=True)

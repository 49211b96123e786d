"""Speed of each untrained method in 3D at full size: python throughput.py [METHOD …]

Training: windows of 128³ a second, one at a time, through the training loop (mixed bfloat16 on a GPU), median of the
steps after the fifth. Translating: a head of 256×256×160 voxels, from array to array, in float32: preparation, windows
of 128³ that overlap by half, blending, restoring; the median of three, or of as many as begin within twenty seconds.
Memory is the most that tensors held on the GPU.
"""

import itertools
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch

from medtrans.core.errors import MedtransError
from medtrans.core.method import Batch, Task
from medtrans.core.volume import Volume
from medtrans.methods import load, names
from medtrans.phantoms import make_head, paint
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.runs import RunFolder
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from medtrans.translating.translator import Translator

SIDE, STEPS, UNMEASURED = 128, 15, 5
GPU = torch.cuda.is_available()


def head() -> Volume:
    """256×256×160 voxels: those of a small synthetic head, repeated."""
    small = paint(make_head(0, shape=(128, 128, 80), spacing=1.6), "T1", np.random.default_rng(0))
    return Volume(small.voxels.repeat(2, 1).repeat(2, 2).repeat(2, 3), np.diag([0.8, 0.8, 0.8, 1.0]))


def batches(first, last, rank, world):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand((1, 1, SIDE, SIDE, SIDE), generator=generator) for _ in range(2))
    for step in range(first, last):
        yield Batch(x, y, torch.ones_like(x), seeds=torch.tensor([step]))


def windows_a_second(method) -> float:
    precision = "bf16-mixed" if GPU else "32-true"
    settings = TrainingSettings(steps=STEPS, batch=1, log_every=1, checkpoint_every=10**6, precision=precision)
    moments = []
    with tempfile.TemporaryDirectory() as folder:
        train(
            method,
            batches,
            settings,
            RunFolder(Path(folder)),
            launch(settings),
            keep=lambda *kept: None,
            on_progress=lambda now: moments.append(time.monotonic()),
        )
    return 1 / median(later - sooner for sooner, later in itertools.pairwise(moments[UNMEASURED:]))


def seconds_a_volume(method, volume: Volume) -> float:
    scale = Percentiles(typical_range=(0.0, 1000.0))
    settings = PreparingSettings(spatial_dims=3, patch=(SIDE,) * 3, target_normalisation=scale)
    translator = Translator(method, Preparation(settings, "MR", "MR"))
    translator(Volume(volume.voxels[:, 64:192, 64:192, 16:144], volume.affine))
    began, taken = time.monotonic(), []
    while len(taken) < 3 and time.monotonic() - began < 20:
        taken.append(translator.translate(volume).seconds)
    return median(taken)


def row(name: str, volume: Volume) -> str:
    def made():
        torch.manual_seed(0)
        return load(name)(Task(spatial_dims=3), load(name).Settings())

    weights = sum(weight.numel() for weight in made().parameters()) / 1e6
    trained, in_training = _held(lambda: windows_a_second(made()))
    seconds, in_use = _held(lambda: seconds_a_volume(made(), volume))
    memory = f"{in_training:.1f} | {in_use:.1f}" if GPU else "– | –"
    return f"| {name} | {weights:.1f} | {trained:.2f} | {seconds:.2f} | {1 / seconds:.2f} | {memory} |"


def _held(action) -> tuple[float, float]:
    """What an action returns, and the GiB that tensors held on the GPU meanwhile."""
    if not GPU:
        return action(), 0.0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return action(), torch.cuda.max_memory_allocated() / 2**30


if __name__ == "__main__":
    print(f"{torch.cuda.get_device_name() if GPU else 'processor'}, torch {torch.__version__}\n")
    columns = ("method", "million weights", "windows trained a second", "seconds a volume", "volumes a second")
    print(f"| {' | '.join((*columns, 'GiB training', 'GiB translating'))} |\n{'|---' * 7}|", flush=True)
    translators = [name for name in names() if hasattr(load(name), "translate") and load(name).pairing != "alone"]
    for name in sys.argv[1:] or translators:
        try:
            print(row(name, head()), flush=True)
        except (MedtransError, RuntimeError) as reason:
            print(f"| {name} | not measured: {str(reason).partition(chr(10))[0]} | | | | | |", flush=True)

"""Train a tiny method on made batches: what the tests kill, resume and run in several processes.

python train_tiny.py FOLDER METHOD [--slow SECONDS]
"""

import argparse
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from medtrans.core.method import Batch, Task
from medtrans.methods import load
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

TINY = {
    "regression": {"generator": {"name": "resnet", "filters": 4, "blocks": 1}},
    "pix2pix": {
        "generator": {"name": "resnet", "filters": 4, "blocks": 1},
        "discriminator": {"name": "patch_discriminator", "filters": 4, "layers": 1},
    },
    "cyclegan": {
        "generator": {"name": "resnet", "filters": 4, "blocks": 1},
        "discriminator": {"name": "patch_discriminator", "filters": 4, "layers": 1},
        "pool": 0,
    },
}


def make(name, **changes):
    kind = load(name)
    torch.manual_seed(0)
    return kind(Task(spatial_dims=2), kind.Settings.from_dict({**TINY[name], **changes}))


def item(number):
    dice = torch.Generator().manual_seed(number)
    source = torch.rand((1, 16, 16), generator=dice) * 2 - 1
    return source, -source


def batches_of(size):
    def batches(first, last, rank, world):
        for number in range(first, last):
            items = [item(number * size + i) for i in range(size) if i % world == rank]
            source, target = (torch.stack(side) for side in zip(*items, strict=True))
            yield Batch(source=source, target=target, mask=torch.ones_like(source))

    return batches


def run(folder, name, steps=6, slow=0.0, accumulate=1, batch=2):
    settings = TrainingSettings(
        steps=steps,
        batch=batch,
        accumulate=accumulate,
        checkpoint_every=2,
        journal_every=1,
        averaging=0.9,
        device="cpu",
    )
    fabric = launch(settings)
    method = make(name)
    kept = []
    train(
        method,
        batches_of(batch),
        settings,
        folder,
        fabric,
        keep=lambda averaged: kept.append(averaged),
        on_progress=lambda progress: time.sleep(slow),
    )
    if fabric.is_global_zero:
        weights = {key: w.contiguous() for key, w in method.state_dict().items() if torch.is_tensor(w)}
        averaged = {f"averaged.{key}": w.clone() for key, w in kept[-1].state_dict().items() if torch.is_tensor(w)}
        save_file({**weights, **averaged}, folder / "weights.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--slow", type=float, default=0.0)
    torch.set_num_threads(1)
    run(**vars(parser.parse_args()))

"""Train tiny methods on made batches: what the tests kill, resume and run in several processes.

python train_tiny.py FOLDER METHOD... [--slow SECONDS], each in a folder of its name where there are several
"""

import argparse
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from medtrans.core.method import Batch
from medtrans.runs import RunFolder
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from tests.methods.tiny import items, tiny

OF_THE_BATCH = {"discogan": {"feature_matching": 1.0}}
"""Terms that are 0 by default and no means over items."""


def make(name, **changes):
    """In double precision: what should be equal differs by rounding alone."""
    return tiny(name, **OF_THE_BATCH.get(name, {}), **changes).double()


def batches_of(size, method=None):
    """Batches of items for `method`, or of one channel in pairs."""
    method = method or make("regression")

    def batches(first, last, rank, world):
        for number in range(first, last):
            mine = [n for n in range(number * size, (number + 1) * size) if n % world == rank]
            drawn = vars(items(method, mine))
            yield Batch(
                **{
                    key: value.double() if torch.is_floating_point(value) else value
                    for key, value in drawn.items()
                    if value is not None
                }
            )

    return batches


def run(folder, name, steps=6, slow=0.0, batch=2):
    settings = TrainingSettings(steps=steps, batch=batch, checkpoint_every=2, log_every=1, ema_decay=0.9, device="cpu")
    fabric = launch(settings)
    method = make(name)
    kept = []
    train(
        method,
        batches_of(batch, method),
        settings,
        RunFolder(folder),
        fabric,
        keep=lambda averaged, _: kept.append(averaged),
        on_progress=lambda progress: time.sleep(slow),
    )
    if fabric.is_global_zero:
        weights = {key: w.contiguous() for key, w in method.state_dict().items() if torch.is_tensor(w)}
        averaged = {f"averaged.{key}": w.clone() for key, w in kept[-1].state_dict().items() if torch.is_tensor(w)}
        save_file({**weights, **averaged}, folder / "weights.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--slow", type=float, default=0.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.names:
        run(options.folder / name if len(options.names) > 1 else options.folder, name, slow=options.slow)

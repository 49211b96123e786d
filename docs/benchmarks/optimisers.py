"""Optimiser of each method against the one that all methods shared until 2026-11-29: python optimisers.py [METHOD …]

Heads of anatomy.py, T1 to CT, slice by slice: twelve heads train, four are scored inside the body, with small networks.
All trainings of a method take equally many steps from the same weights, by the training loop, with a rate that is
constant for half of them and then falls. Generative methods translate once with the same noise; the VAE reconstructs.
"""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from time import process_time

import torch
from anatomy import HU, NETWORK, cohort

from medtrans.core.method import Batch, Task
from medtrans.methods import load
from medtrans.runs import RunFolder
from medtrans.training.loop import train
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings

BATCH, SCORED_EVERY = 4, 24
DENOISER = {"channels": [8, 16, 32]}
METHODS = {
    "regression": (400, {"generator": NETWORK}),
    "pix2pix": (300, {"generator": NETWORK, "discriminator": {"name": "patch_discriminator", "filters": 16}}),
    "diffusion": (150, {"denoiser": DENOISER}),
    "rectified_flow": (150, {"velocity": DENOISER}),
    "vae": (300, {"encoder": {"channels": [16, 32, 64]}, "decoder": {"channels": [16, 32, 64]}, "warm_up": 100}),
    "normalizing_flow": (200, {"flow": {"scales": 2, "layers": 4, "features": 32}}),
}
"""Method → steps and settings."""
SHARED = {"optimizer": "adam", "learning_rate": 2e-4, "betas": (0.5, 0.999), "weight_decay": 0.0}
ADAM = {"optimizer": "adam", "learning_rate": 1e-3, "betas": (0.9, 0.999), "weight_decay": 0.0}
ARMS = {"shared until now: Adam 2e-4 (0.5, 0.999)": SHARED, "the method's own": {}, "Adam 1e-3 (0.9, 0.999)": ADAM}


def trained(name: str, seed: int, heads, optimizer: dict, times: int):
    """The method with averaged weights after so many times its steps."""
    steps, values = METHODS[name][0] * times, METHODS[name][1]
    torch.manual_seed(seed)
    kind = load(name)
    source, target, _, mask = heads
    method = kind(Task(spatial_dims=2, size=tuple(source.shape[2:])), kind.Settings.from_dict(values))
    settings = TrainingSettings(steps=steps, batch=BATCH, ema_decay=0.99, seed=seed, device="cpu", **optimizer)

    def batches(first, last, rank, world):
        for step in range(first, last):
            chosen = torch.randint(len(source), (BATCH,), generator=torch.Generator().manual_seed(1000 * seed + step))
            items = (target if kind.pairing == "alone" else source)[chosen]
            yield Batch(items, target[chosen], mask[chosen], seeds=BATCH * step + torch.arange(BATCH))

    kept = []
    with tempfile.TemporaryDirectory() as folder:
        files, fabric = RunFolder(Path(folder)), launch(settings)
        train(method, batches, settings, files, fabric, keep=lambda averaged, _: kept.append(averaged.eval()))
    return kept[-1]


@torch.no_grad()
def error(method, heads) -> float:
    """MAE in HU inside the body of the scored slices."""
    source, target, _, mask = (part[::SCORED_EVERY] for part in heads)
    noise = torch.randn((len(source), 1, *source.shape[2:]), generator=torch.Generator().manual_seed(0))
    drawn = {"noise": noise * method.single_noise_std} if method.noise_channels else {}
    made = method.translate(target if method.pairing == "alone" else source, **drawn)
    return HU * float((made - target).abs()[mask > 0].mean())


def row(name: str, seeds: list[int], times: int, train_heads, test_heads) -> str:
    """Errors of each arm by seed; an arm that equals an earlier one is not run again."""
    found, proposed = {}, load(name).optimizer_for(load(name).Settings())
    for optimizer in ARMS.values():
        key = TrainingSettings(**optimizer).chosen_optimizer(proposed)
        if key not in found:
            found[key] = [error(trained(name, seed, train_heads, optimizer, times), test_heads) for seed in seeds]
    keys = [TrainingSettings(**optimizer).chosen_optimizer(proposed) for optimizer in ARMS.values()]
    cells = [f"{sum(found[key]) / len(seeds):.1f} ({', '.join(f'{mae:.1f}' for mae in found[key])})" for key in keys]
    return f"| {name} | {METHODS[name][0] * times} | {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", default=METHODS, metavar="METHOD")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--times", type=int, default=1, help="so many times the steps")
    options = parser.parse_args()
    train_heads, test_heads = (list(side) for side in cohort())
    print(f"| method | steps | {' | '.join(ARMS)} |\n{'|---' * (2 + len(ARMS))}|", flush=True)
    for name in options.methods:
        print(row(name, options.seeds, options.times, train_heads, test_heads), flush=True)
    print(f"\n{process_time() / 60:.1f} minutes of processor time, {len(options.seeds)} seeds")

"""The baselines beside each other: pictures, and how far what they make is from real slices; real ones for comparison.

    python pipelines/baselines/compare.py runs/autoencoder runs/vae runs/gan runs/conditional_gan

Call it from where the runs were started: their recipes name their data from there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch
import yaml

from medtrans.learning import cases_of
from medtrans.metrics.sets.features import NAME, features
from medtrans.metrics.sets.frechet import Frechet
from medtrans.metrics.sets.precision import Precision
from medtrans.metrics.sets.recall import Recall
from medtrans.preparing.batches import Draws, paired_draws
from medtrans.reading.cohort import load_pair
from medtrans.recipe import make_recipe
from medtrans.translating.model import load_model

matplotlib.use("Agg")
from matplotlib import pyplot as plt

MEASURES = {"frechet": Frechet(), "precision": Precision(), "recall": Recall()}
SHOWN = 8
"""Images in a row of the figure."""


def slices(folder: Path, splits: tuple[str, ...]) -> Draws:
    """Real slices of a run's cases, drawn as in its training."""
    recipe = make_recipe(yaml.safe_load((folder / "recipe.yaml").read_text()))
    method, preparation, _ = load_model(folder / "model")
    cases = [case for case in cases_of(recipe) if case.split in splits]
    pairs = [load_pair(case) for case in cases]
    prepared = [preparation.source(pair.source, pair.mask) for pair in pairs]
    known = [preparation.condition(case.condition, case.name) for case in cases]
    twice = [(volume, volume) for volume in prepared]
    return paired_draws(twice, preparation.settings, divisor=method.divisor, conditions=known)


@torch.inference_mode()
def made(folder: Path, count: int) -> dict[str, np.ndarray]:
    """Rows of images (count, i, j): real ones of training and of other heads, and whatever the model makes."""
    method, _, _ = load_model(folder / "model")
    train, other = slices(folder, ("train",)), slices(folder, ("validation", "test"))
    condition = torch.from_numpy(np.stack([train[number].condition for number in range(count)]))
    rows = {"real": drawn(train, count), "real, other heads": drawn(other, count)}
    if hasattr(method, "reconstruct"):
        rows["reconstructed, other heads"] = method.reconstruct(rows["real, other heads"])
    torch.manual_seed(0)
    rows["sampled"] = method.sample(count, condition)
    if hasattr(method, "interpolate"):
        first, *_, last = rows["real, other heads"][:SHOWN].split(1)
        rows["interpolated"] = method.interpolate(first, last, SHOWN)
    return {name: images[:, 0].numpy() for name, images in rows.items()}


def drawn(draws: Draws, count: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([draws[number].target for number in range(count)]))


def compare(folders: list[Path], output: Path, count: int) -> str:
    """Write the figure, and return the table."""
    lines = [f"{NAME}, {count} images a set".ljust(48) + "".join(f"{name:>11}" for name in MEASURES)]
    pictures: dict[str, np.ndarray] = {}
    for folder in folders:
        rows = made(folder, count)
        real = features(rows["real"])
        for row, images in rows.items():
            pictures[f"{folder.name}: {row}"] = images[:SHOWN]
            if row not in ("real", "interpolated"):
                values = [measure(features(images), real) for measure in MEASURES.values()]
                lines.append(f"{folder.name}: {row}".ljust(48) + "".join(f"{value:11.2f}" for value in values))
    draw(pictures, output)
    return "\n".join(lines)


def draw(pictures: dict[str, np.ndarray], output: Path) -> None:
    figure, axes = plt.subplots(len(pictures), SHOWN, figsize=(SHOWN, 1.35 * len(pictures)), squeeze=False)
    for line, (name, images) in zip(axes, pictures.items(), strict=True):
        line[0].set_title(name, loc="left", fontsize=8)
        for place, image in zip(line, images, strict=True):
            place.imshow(image.T, cmap="gray", vmin=-1, vmax=1, origin="lower")
        for place in line:
            place.set_axis_off()
    figure.tight_layout(pad=0.3)
    figure.savefig(output, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="run folders of the baselines")
    parser.add_argument("--output", "-o", type=Path, default=Path("baselines.png"), help="the figure")
    parser.add_argument("--count", type=int, default=640, help="images a set")
    asked = parser.parse_args()
    sys.stdout.write(compare(asked.folders, asked.output, asked.count) + "\n")

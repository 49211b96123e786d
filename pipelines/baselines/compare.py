"""Comparison page of the generative baselines: their images, and the distances from real slices.

    python pipelines/baselines/compare.py runs/autoencoder runs/vae runs/gan runs/projection_gan -o baselines.html

Run folders hold the absolute paths of their data.
"""

from __future__ import annotations

import argparse
import base64
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image
from scipy.spatial.distance import cdist

import medtrans.reporting
from medtrans.cli.exit_codes import run_script
from medtrans.metrics.distribution._features import NAME, features
from medtrans.metrics.distribution._standard import standardised
from medtrans.metrics.distribution.frechet import Frechet
from medtrans.metrics.distribution.precision import Precision
from medtrans.metrics.distribution.recall import Recall
from medtrans.models.folder import load_model
from medtrans.preparing.pairing import Alone
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.reading.cohort import load_pair
from medtrans.reading.storage import write_atomically
from medtrans.recipe import Recipe, make_recipe
from medtrans.runs import RunFolder
from medtrans.training.journal import read_journal

METRICS = {"frechet": Frechet(), "precision": Precision(), "recall": Recall()}
COLUMNS = (*METRICS, "error", "class accuracy")
DISPLAYED = 8
"""Images in a row of the page."""


@dataclass(frozen=True, eq=False)
class Row:
    """One set of images of a run: some images (n, i, j) by caption, and metrics of all of them."""

    name: str
    images: Mapping[str, np.ndarray]
    values: Mapping[str, float]


def recipe_of(folder: Path) -> Recipe:
    """The recipe of a run."""
    return make_recipe(yaml.safe_load(RunFolder(folder).recipe.read_text()))


def slices(folder: Path, *splits: str) -> PatchDataset:
    """Real slices of the cases of a run, drawn as in its training."""
    method, preparation, _ = load_model(RunFolder(folder).model)
    cases = [case for case in recipe_of(folder).cases() if case.split in splits]
    pairs = [load_pair(case) for case in cases]
    prepared = [preparation.prepare_source(pair.source, pair.mask) for pair in pairs]
    conditions = [preparation.conditions(case.conditions, case.name) for case in cases]
    data = Alone(prepared, prepared)
    return PatchDataset(data, preparation.settings, divisor=method.divisor, conditions=conditions)


def draw(dataset: PatchDataset, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`count` slices (count, 1, i, j) and their conditions (count, conditions)."""
    items = [dataset[number] for number in range(count)]
    images, conditions = np.stack([item.target for item in items]), np.stack([item.conditions for item in items])
    return torch.from_numpy(images), torch.from_numpy(conditions)


@torch.inference_mode()
def rows_of(folder: Path, count: int) -> list[Row]:
    """Sets of one run: real slices of heads that are not in the training data, and the images of the model."""
    method, preparation, _ = load_model(RunFolder(folder).model)
    real, known = draw(slices(folder, "train"), count)
    others, theirs = draw(slices(folder, "validation", "test"), count)
    real_features, names = features(real[:, 0].numpy()), preparation.settings.conditions

    def row(name: str, images: torch.Tensor, required: torch.Tensor, **more: float) -> Row:
        of_images = features(images[:, 0].numpy())
        values = {metric: function(of_images, real_features) for metric, function in METRICS.items()} | more
        if names:
            values["class accuracy"] = class_accuracy(of_images, required, real_features, known)
        return Row(name, by_class(images, required, names), values)

    rows = [row("real, other heads", others, theirs)]
    if hasattr(method, "reconstruct"):
        images = method.reconstruct(others)
        rows.append(row("reconstructed, other heads", images, theirs, error=float((images - others).abs().mean())))
    torch.manual_seed(0)
    rows.append(row("sampled", method.sample(count, known), known))
    if hasattr(method, "interpolate"):
        first, *_, last = others[:DISPLAYED].split(1)
        rows.append(
            Row("interpolated", by_class(method.interpolate(first, last, DISPLAYED), theirs[:DISPLAYED], ()), {})
        )
    return rows


def by_class(images: torch.Tensor, conditions: torch.Tensor, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The first few images of each class, by a caption; of all, where there are no classes."""
    pictures = images[:, 0].numpy()
    if not names:
        return {"": pictures[:DISPLAYED]}
    numbers = conditions[:, 0].numpy()
    return {f"{names[0]} {number:g}": pictures[numbers == number][:DISPLAYED] for number in np.unique(numbers)}


def class_accuracy(images: np.ndarray, required: torch.Tensor, real: np.ndarray, known: torch.Tensor) -> float:
    """The fraction of images whose nearest real slice, by its features, has the required class."""
    images, real = standardised(images, real, by=real, fewest=2)
    return float((known[cdist(images, real).argmin(1)] == required).all(1).float().mean())


def facts(folder: Path) -> str:
    """Length of the training of a run, and the number of its heads."""
    recipe, last = recipe_of(folder), read_journal(RunFolder(folder).journal)[-1]
    heads = len({case.subject for case in recipe.cases() if case.split == "train"})
    return f"{heads} heads, {last['step']:.0f} of {recipe.training.steps} steps, {last['seconds'] / 60:.1f} minutes"


def to_text(runs: Mapping[str, list[Row]], count: int) -> str:
    """The table for the terminal."""
    lines = [f"{NAME}, {count} images a set".ljust(48) + "".join(f"{name:>16}" for name in COLUMNS)]
    for run, rows in runs.items():
        for row in (row for row in rows if row.values):
            cells = (f"{row.values[name]:16.3f}" if name in row.values else f"{'':16}" for name in COLUMNS)
            lines.append((f"{run}: {row.name}".ljust(48) + "".join(cells)).rstrip())
    return "\n".join(lines)


def strip(images: np.ndarray) -> str:
    """A row of images side by side, twice as large, as a data URL."""
    row = np.concatenate([np.pad(image.T[::-1], 1, constant_values=-1) for image in images], axis=1)
    picture = Image.fromarray(np.uint8(np.clip((row + 1) * 127.5, 0, 255)))
    data = io.BytesIO()
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def compare(folders: list[Path], output: Path, count: int) -> str:
    """Write the page, and return the table."""
    runs = {folder.name: rows_of(folder, count) for folder in folders}
    here = [Path(__file__).parent, Path(medtrans.reporting.__file__).parent]
    environment = Environment(loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined)
    of_runs = {folder.name: facts(folder) for folder in folders}
    values = {"runs": runs, "facts": of_runs, "columns": COLUMNS, "count": count, "extractor": NAME, "strip": strip}
    write_atomically(output, environment.get_template("page.html").render(values).encode())
    return to_text(runs, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="run folders of the baselines")
    parser.add_argument("--output", "-o", type=Path, default=Path("baselines.html"), help="the page")
    parser.add_argument("--count", type=int, default=640, help="images a set")
    options = parser.parse_args()
    if options.count < 2:
        parser.error("--count: at least two images are needed")
    sys.stdout.write(compare(options.folders, options.output, options.count) + "\n")


if __name__ == "__main__":
    run_script(main)

"""The baselines beside each other on one page: what they make, and how far that is from real slices.

    python pipelines/baselines/compare.py runs/autoencoder runs/vae runs/gan runs/conditional_gan -o baselines.html

Call it from where the runs were started: their recipes name their data from there.
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
from medtrans.cli.exit_codes import answer, install_handlers
from medtrans.core.errors import MedtransError
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
from medtrans.stages.train import cases_of
from medtrans.training.journal import read_journal

MEASURES = {"frechet": Frechet(), "precision": Precision(), "recall": Recall()}
COLUMNS = (*MEASURES, "error", "class found")
SHOWN = 8
"""Images in a row of the page."""


@dataclass(frozen=True, eq=False)
class Row:
    """What one run shows under one name: images (n, i, j) by caption, and what was measured of all there were."""

    name: str
    images: Mapping[str, np.ndarray]
    values: Mapping[str, float]


def recipe_of(folder: Path) -> Recipe:
    return make_recipe(yaml.safe_load((folder / "recipe.yaml").read_text()))


def slices(folder: Path, *splits: str) -> PatchDataset:
    """Real slices of a run's cases, drawn as in its training."""
    method, preparation, _ = load_model(folder / "model")
    cases = [case for case in cases_of(recipe_of(folder)) if case.split in splits]
    pairs = [load_pair(case) for case in cases]
    prepared = [preparation.prepare_source(pair.source, pair.mask) for pair in pairs]
    known = [preparation.conditions(case.conditions, case.name) for case in cases]
    data = Alone(prepared, prepared)
    return PatchDataset(data, preparation.settings, divisor=method.divisor, conditions=known)


def drawn(draws: PatchDataset, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """So many slices (count, 1, i, j), and what is known of each (count, conditions)."""
    items = [draws[number] for number in range(count)]
    images, known = np.stack([item.target for item in items]), np.stack([item.conditions for item in items])
    return torch.from_numpy(images), torch.from_numpy(known)


@torch.inference_mode()
def rows_of(folder: Path, count: int) -> list[Row]:
    """Real slices of other heads than those of the training, and whatever the model makes, beside the latter."""
    method, preparation, _ = load_model(folder / "model")
    real, known = drawn(slices(folder, "train"), count)
    others, theirs = drawn(slices(folder, "validation", "test"), count)
    seen, names = features(real[:, 0].numpy()), preparation.settings.conditions

    def row(name: str, images: torch.Tensor, told: torch.Tensor, **more: float) -> Row:
        found = features(images[:, 0].numpy())
        values = {measure: function(found, seen) for measure, function in MEASURES.items()} | more
        if names:
            values["class found"] = class_found(found, told, seen, known)
        return Row(name, by_class(images, told, names), values)

    rows = [row("real, other heads", others, theirs)]
    if hasattr(method, "reconstruct"):
        again = method.reconstruct(others)
        rows.append(row("reconstructed, other heads", again, theirs, error=float((again - others).abs().mean())))
    torch.manual_seed(0)
    rows.append(row("sampled", method.sample(count, known), known))
    if hasattr(method, "interpolate"):
        first, *_, last = others[:SHOWN].split(1)
        rows.append(Row("interpolated", by_class(method.interpolate(first, last, SHOWN), theirs[:SHOWN], ()), {}))
    return rows


def by_class(images: torch.Tensor, known: torch.Tensor, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The first few images of each class, by a caption; of all, where there are no classes."""
    found = images[:, 0].numpy()
    if not names:
        return {"": found[:SHOWN]}
    numbers = known[:, 0].numpy()
    return {f"{names[0]} {number:g}": found[numbers == number][:SHOWN] for number in np.unique(numbers)}


def class_found(made: np.ndarray, told: torch.Tensor, real: np.ndarray, known: torch.Tensor) -> float:
    """The share of images whose nearest real slice, by its features, is of the class they were to be of."""
    made, real = standardised(made, real, by=real, fewest=2)
    return float((known[cdist(made, real).argmin(1)] == told).all(1).float().mean())


def facts(folder: Path) -> str:
    """How long a run was trained, and on how many heads."""
    recipe, last = recipe_of(folder), read_journal(folder / "journal.csv")[-1]
    heads = len({case.subject for case in cases_of(recipe) if case.split == "train"})
    return f"{heads} heads, {last['step']:.0f} of {recipe.training.steps} steps, {last['seconds'] / 60:.1f} minutes"


def as_text(runs: Mapping[str, list[Row]], count: int) -> str:
    lines = [f"{NAME}, {count} images a set".ljust(48) + "".join(f"{name:>12}" for name in COLUMNS)]
    for run, rows in runs.items():
        for row in (row for row in rows if row.values):
            cells = (f"{row.values[name]:12.3f}" if name in row.values else f"{'':12}" for name in COLUMNS)
            lines.append((f"{run}: {row.name}".ljust(48) + "".join(cells)).rstrip())
    return "\n".join(lines)


def strip(images: np.ndarray) -> str:
    """A row of images side by side, twice as large, as an address that holds them."""
    beside = np.concatenate([np.pad(image.T[::-1], 1, constant_values=-1) for image in images], axis=1)
    picture = Image.fromarray(np.uint8(np.clip((beside + 1) * 127.5, 0, 255)))
    data = io.BytesIO()
    picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def compare(folders: list[Path], output: Path, count: int) -> str:
    """Write the page, and return the table."""
    runs = {folder.name: rows_of(folder, count) for folder in folders}
    here = [Path(__file__).parent, Path(medtrans.reporting.__file__).parent]
    environment = Environment(loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined)
    told = {folder.name: facts(folder) for folder in folders}
    given = {"runs": runs, "told": told, "columns": COLUMNS, "count": count, "extractor": NAME, "strip": strip}
    write_atomically(output, environment.get_template("page.html").render(given).encode())
    return as_text(runs, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="run folders of the baselines")
    parser.add_argument("--output", "-o", type=Path, default=Path("baselines.html"), help="the page")
    parser.add_argument("--count", type=int, default=640, help="images a set")
    asked = parser.parse_args()
    if asked.count < 2:
        parser.error("--count: two images are needed at least")
    install_handlers()
    try:
        sys.stdout.write(compare(asked.folders, asked.output, asked.count) + "\n")
    except (MedtransError, OSError) as reason:
        sys.exit(answer(reason))

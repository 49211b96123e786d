"""Steps a second with sources degraded on the fly, against pairs made beforehand: both with two workers.

    python docs/benchmarks/degraded_pairs.py [RECIPE …] [--steps 60] [--heads 6] [--spacing 2] [--rounds 3]

Synthetic heads. Each recipe is trained with its chain on the fly, then with the degraded files of that run as sources;
the first steps are left out. In turn, several rounds; the median of the ratios is printed.

With --draws nothing is trained: processor seconds of one draw, and the 99.5th percentile in the body of a source
relative to that of its target, the least and the greatest over the heads.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from medtrans.catalogue import find_recipe
from medtrans.phantoms.cohort import write_cohort
from medtrans.preparing.degrading import Degrader
from medtrans.preparing.intensity_scale import upper_percentiles
from medtrans.reading.cohort import load_pair
from medtrans.recipe import Recipe, load_recipe, make_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.stages.phantoms import _shape
from medtrans.stages.train import train
from medtrans.training.journal import read_journal

RECIPES = ("thick_to_thin", "low_field_to_high_field", "accelerated_to_full", "low_dose_to_full_dose")
WARM_UP = 12
"""Steps in which workers start."""


def steps_per_second(recipe: Recipe, folder: Path) -> float:
    train(recipe, folder)
    rows = read_journal(RunFolder(folder).journal)
    first = next(row for row in rows if row["step"] >= WARM_UP)
    return (rows[-1]["step"] - first["step"]) / (rows[-1]["seconds"] - first["seconds"])


def made_beforehand(recipe: Recipe, folder: Path, place: Path) -> Recipe:
    """The same recipe with the degraded files of a run as its sources, beside the targets."""
    values, pattern = recipe.to_dict(), str(recipe.reading.target.pattern)  # type: ignore[union-attr]
    place.mkdir()
    for file in RunFolder(folder).degraded.glob("*.nii.gz"):
        name = file.name.removesuffix(".nii.gz")
        (place / f"{name}_source.nii.gz").symlink_to(file)
        for kept in (pattern, recipe.reading.mask):
            (place / kept.replace("*", name)).symlink_to(recipe.reading.root / kept.replace("*", name))  # type: ignore[union-attr]
    del values["degrading"]
    modality = recipe.reading.target_modality
    values["reading"] |= {"root": str(place), "source": {"pattern": "*_source.nii.gz", "modality": modality}}
    return make_recipe(values)


def draw(recipe: Recipe, folder: Path) -> str:
    """Seconds of a draw, and range of the relative percentiles, as cells of a row."""
    cases, _ = run_cases(recipe, RunFolder(folder))
    preparation = recipe.preparation().fit(load_pair(case) for case in cases)
    degrader = Degrader(cases, recipe.degrading, preparation, recipe.reading.root)
    times = []
    for number in range(4):
        begin = time.process_time()
        degrader(0, np.random.default_rng(number))
        times.append(time.process_time() - begin)
    pairs = [load_pair(case) for case in cases]
    ratios = [upper_percentiles(pair.source)[0] / upper_percentiles(pair.target)[0] for pair in pairs]  # type: ignore[arg-type]
    return f"{median(times[1:]):.2f} | {min(ratios):.3f} … {max(ratios):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    for name, value in (("steps", 60), ("heads", 6), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--spacing", type=float, default=2.0)
    parser.add_argument("--draws", action="store_true")
    given = parser.parse_args()
    head = (
        "processor seconds a draw | percentile"
        if given.draws
        else "steps a second, on the fly | made beforehand | ratio"
    )
    print(f"| recipe | {head} |\n|---{'|---' * head.count('|')}|---|")
    with tempfile.TemporaryDirectory() as scratch:
        heads = Path(scratch) / "heads"
        write_cohort(heads, range(given.heads), ("T1", "CT"), shape=_shape(given.spacing), spacing=given.spacing)
        changes = [f"reading.root={heads}", f"training.steps={given.steps}", "training.validate_every=100000"]
        changes += [
            "training.log_every=4",
            "training.workers=2",
            "reading.validation_fraction=0",
            "training.device=cpu",
        ]
        for name in given.recipes:
            more = ["preparing.spacing=null", "translating.grid=source"] if "to_high" in name or "thin" in name else []
            recipe = load_recipe(find_recipe(name), [*changes, *more])
            if given.draws:
                print(f"| {name} | {draw(recipe, Path(scratch) / name)} |", flush=True)
                continue
            rates = []
            for number in range(given.rounds):
                folder = Path(scratch) / f"{name}-{number}"
                fly = steps_per_second(recipe, folder / "fly")
                before = made_beforehand(recipe, folder / "fly", folder / "pairs")
                rates.append((fly, steps_per_second(before, folder / "before")))
            fly, ready = (median(column) for column in zip(*rates, strict=True))
            print(f"| {name} | {fly:.2f} | {ready:.2f} | {median(a / b for a, b in rates):.2f} |", flush=True)


if __name__ == "__main__":
    main()

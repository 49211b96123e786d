"""Lesions found by segmenters with and without foreground sampling and deep supervision: python segmenter.py HEADS OUT

HEADS is the folder of `downstream_cases.py phantoms`. Each training takes the same processor time; the six test heads
have two lesions each, 4 ml together. A head is missed where less than a tenth of its lesions is found.
"""

import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._training_data import fitted_preparation, prepared_sides, training_items
from medtrans.translating.translator import Translator

NEITHER = ["method.foreground_fraction=0", "method.deep_supervision=false"]
PATCHES = ["preparing.patch=[32, 32]", "training.batch=32"]
VARIANTS = {
    "neither": ("T2", NEITHER),
    "foreground": ("T2", NEITHER[1:]),
    "deep": ("T2", NEITHER[:1]),
    "both": ("T2", []),
    "both, 3 slices": ("T2", ["preparing.slices=3"]),
    "neither, 3 slices": ("T2", ["preparing.slices=3", *NEITHER]),
    "neither, patches": ("T2", [*PATCHES, *NEITHER]),
    "both, patches": ("T2", PATCHES),
    "both, FLAIR": ("FLAIR", []),
}
TISSUES = ("skull", "CSF", "grey", "white", "lesion")
SETTINGS = [
    "training.clock=cpu",
    "training.steps=1000000",
    "preparing.slices=1",
    "preparing.augmentation=[{name: flip}, {name: rotation, degrees: 10}, {name: scaling, strength: 0.1}]",
    "method.network.channels=[12, 24, 48, 96]",
    "reading.target.pattern=labels/*.nii.gz",
    "preparing.target_normalisation.labels=[1, 2, 3, 4, 5]",
]


def train(run: Path, heads: Path, kind: str, changes: list[str]) -> int:
    """Train in `run`; returns the number of steps."""
    data = [f"reading.root={heads / 'segmenter'}", f"reading.source.pattern={kind}/*.nii.gz"]
    sets = [part for change in (*SETTINGS, *data, *changes) for part in ("--set", change)]
    command = [sys.executable, "-m", "medtrans", "train", "downstream/segmenter", "-o", str(run), "--threads", "1"]
    subprocess.run([*command, *sets], check=True, capture_output=True)
    return int((run / "journal.csv").read_text().split()[-1].partition(",")[0])


def scores(model: Path, heads: Path, kind: str) -> tuple[np.ndarray, int]:
    """Mean Dice of each tissue over the test heads, and the number of heads whose lesions are missed."""
    translator, dice, missed = Translator.load(model, device="cpu"), [], 0
    for file in sorted((heads / "test" / kind).glob("*.nii.gz")):
        truth, found = read_volume(heads / "test" / "labels" / file.name).voxels, translator(read_volume(file)).voxels
        pairs = [(found == label, truth == label) for label in range(1, 6)]
        dice.append([2 * (f & t).sum() / (f.sum() + t.sum()) for f, t in pairs])
        lesion_found, lesion = pairs[-1]
        missed += (lesion_found & lesion).sum() < 0.1 * lesion.sum()
    return np.mean(dice, axis=0), missed


def print_shares(folder: Path, count: int = 500) -> None:
    """Of the items of a run: how many contain a lesion, and the fraction of their body voxels that is lesion."""
    run = RunFolder(folder)
    recipe = load_recipe(run.recipe)
    cases = recipe.cases()
    fitted = fitted_preparation(recipe, cases, run)
    sources, targets = prepared_sides(cases, fitted, run, lambda *done: None)
    method = recipe.method_class(fitted.task(1, len(TISSUES)), recipe.method_settings)
    for patch in ((), (32, 32)):
        preparation = replace(fitted, settings=replace(fitted.settings, patch=patch, augmentation=()))
        for method.foreground_fraction in (0, 0.33, 1):
            items = training_items(recipe, method, sources, targets, cases, preparation)
            drawn = [(items[number].target[-1] > 0, items[number].mask[0] > 0) for number in range(count)]
            with_lesion = np.mean([lesion.any() for lesion, _ in drawn])
            voxels = sum((lesion & body).sum() for lesion, body in drawn) / sum(body.sum() for _, body in drawn)
            drawn_by = f"patch {patch}  foreground_fraction {method.foreground_fraction}"
            print(f"{drawn_by}: lesions in {with_lesion:.3f} of the items, {voxels:.4f} of the voxels", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("heads", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--minutes", type=float, default=1.5, help="processor minutes of each training")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument(
        "--shares", type=Path, help="a run of this script: print how many of its items contain a lesion"
    )
    options = parser.parse_args()
    if options.shares:
        print_shares(options.shares)
        sys.exit()
    for seed in options.seeds:
        for name in options.variants:
            kind, changes = VARIANTS[name]
            run = options.out / f"{name.replace(', ', '_').replace(' ', '_')}_{seed}"
            time = [f"training.minutes={options.minutes}", f"training.seed={seed}"]
            steps = train(run, options.heads, kind, [*changes, *time])
            dice, missed = scores(run / "model", options.heads, kind)
            tissues = ", ".join(f"{tissue} {value:.3f}" for tissue, value in zip(TISSUES, dice, strict=True))
            print(f"{name:18} seed {seed}  {steps} steps  missed in {missed} of 6  Dice: {tissues}", flush=True)

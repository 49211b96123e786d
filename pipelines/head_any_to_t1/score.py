"""Scores of a model that makes T1-like images, on the brains of real people: as JSON and as a table.

    python pipelines/head_any_to_t1/score.py PEOPLE -m runs/head_any_to_t1/model -o scores.json

PEOPLE holds NAME_T1, NAME_T2 and NAME_FLAIR of brains, on one grid for each person. Sources are T2, FLAIR, and T1 in
slices of 5 mm; the target is the T1. Each image is divided by the 99.5th percentile of its brain, as T1-like images
have no unit; PSNR has the range 0 to 1. Baselines are learnt from the other people: their mean value, and the median
of the T1 for each value of the source (intensity lookup); and the source itself.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medtrans.core.modality import find_modality
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.evaluating.statistics.intervals import mean_interval
from medtrans.evaluating.training_baselines import Lookup
from medtrans.metrics.image.psnr import PSNR
from medtrans.models.config import read_config
from medtrans.models.folder import write_card
from medtrans.models.zoo import model_folders
from medtrans.preparing.degrading import degraded_in_place
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_volume
from medtrans.translating.ensemble import load_translator

THICK = "T1 of 5 mm"
SOURCES = ("T2", "FLAIR", THICK)
psnr = PSNR(low=0.0, high=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("--model", "-m", action="append", required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--cards", action="store_true", help="write the scores into the cards of the models")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    translator = load_translator(options.model)
    people = {path.name.split("_T1")[0]: path for path in sorted(options.people.rglob("*_T1.nii.gz"))}
    images = {name: read_person(path) for name, path in people.items() if path.with_name(f"{name}_T2.nii.gz").exists()}
    scores = []
    for name, own in images.items():
        others = [image for other, image in images.items() if other != name]
        target, brain = scaled(own["T1"])
        for source in SOURCES:
            made, _ = scaled(translator(own[source]), brain)
            systems = {"model": made, "source itself": scaled(own[source], brain)[0], **baselines(source, own, others)}
            values = {key: round(psnr(system, target, brain), 2) for key, system in systems.items()}
            scores.append({"person": name, "source": source, **values})
            print(scores[-1], flush=True)
    facts = {"figure": figure(scores), "summary": summary(scores), "scores": scores}
    write_atomically(options.output, (json.dumps(facts, indent=1) + "\n").encode())
    if options.cards:
        for folder in model_folders(options.model):
            write_card(folder, read_config(folder), later(scores))
    print(text_table(facts["summary"]))


def read_person(t1: Path) -> dict[str, Volume]:
    """T1, T2, FLAIR and the thick T1 of a person, by name."""
    name, target = t1.name.split("_T1")[0], read_volume(t1)
    thick = {"millimetres": 5.0, "gap": 0.0, "plane": "axial", "profile": "gaussian"}
    record = [{"name": "thick_slices", "parameters": thick}]
    own = {contrast: read_volume(t1.with_name(f"{name}_{contrast}.nii.gz")) for contrast in ("T2", "FLAIR")}
    return {"T1": target, **own, THICK: degraded_in_place(target, record, find_modality("MR"), "linear")}


def scaled(image: Volume, brain: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The image as a share of the 99.5th percentile of its brain, and the brain: what is not 0."""
    voxels = image.voxels[0].astype(np.float64)
    inside = voxels > 0 if brain is None else brain
    return voxels / np.percentile(voxels[inside], 99.5), inside


def baselines(source: str, own: dict[str, Volume], others: list[dict[str, Volume]]) -> dict[str, np.ndarray]:
    """The mean value of the T1 of other people, and their intensity lookup."""
    pairs = []
    for other in others:
        target, brain = scaled(other["T1"])
        pairs.append((scaled(other[source], brain)[0][brain][None], target[brain][None]))
    mean = np.mean([target.mean() for _, target in pairs])
    values = scaled(own[source], scaled(own["T1"])[1])[0]
    return {"mean value": np.full(values.shape, mean), "intensity lookup": Lookup.learn(pairs)(values[None])[0]}


def summary(scores: list[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each source: PSNR in dB, means over people with 95 % intervals."""
    rows = []
    for source in SOURCES:
        of_source = [score for score in scores if score["source"] == source]
        row = {"source": source, "people": str(len(of_source))}
        for system in ("model", "intensity lookup", "mean value", "source itself"):
            found = mean_interval(np.array([score[system] for score in of_source]))
            row[system] = f"{found.value:.2f} ({found.low:.2f} … {found.high:.2f})"
        rows.append(row)
    return rows


def figure(scores: list[dict[str, Any]]) -> str:
    """The scores in one sentence."""
    people = len({score["person"] for score in scores})
    gains = []
    for source in SOURCES:
        of_source = [score for score in scores if score["source"] == source]
        gains.append(
            f"{np.mean([score['model'] - score['intensity lookup'] for score in of_source]):+.1f} dB ({source})"
        )
    return f"PSNR on {people} real brains, against an intensity lookup: {', '.join(gains)}"


def later(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores and failures for the model card."""
    table = {
        f"{row['source']}, {row['people']} real brains, PSNR in dB, mean (95 %)": (
            f"{row['model']}; intensity lookup {row['intensity lookup']}; mean value {row['mean value']}"
        )
        for row in summary(scores)
    }
    worst = min(scores, key=lambda score: score["model"] - score["intensity lookup"])
    text = "worst against the lookup: {source} of a person, {model} dB, the lookup {lookup} dB"
    return {"scores": table, "failures": [text.format(**worst, lookup=worst["intensity lookup"])]}


if __name__ == "__main__":
    main()

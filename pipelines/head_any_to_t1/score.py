"""Scores of a model that makes T1-like images, on the brains of real people: as JSON and as tables.

    python pipelines/head_any_to_t1/score.py PEOPLE -m runs/head_any_to_t1/model -o scores.json --painted LABELS

PEOPLE holds NAME_T1, NAME_T2 and NAME_FLAIR on one grid for each person: brains, or heads with a mask NAME_brain or
SUBJECT_brain. Sources are T2, FLAIR, and T1 in slices of 5 mm, interpolated to the grid of the T1, and in voxels of
their own, which the model makes smaller; the target is the T1. MAE, PSNR and SSIM in the brain by
the preset mr-percentile. All that needs other images is learnt from the other people alone: baselines (their mean T1,
the boxes around their brains brought together, and the median of the T1 for each value of the source), and, as a
T1-like image has no unit, one factor for the model. Of each label map in LABELS a CT with 8 HU of noise is painted, and
the T1 of the paintings as its target, and scored likewise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medtrans.cli.exit_codes import run_script
from medtrans.core.ct_window import brain_window
from medtrans.core.modality import find_modality
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all
from medtrans.evaluating.image_scores import score_pair
from medtrans.evaluating.statistics.intervals import mean_interval
from medtrans.evaluating.training_baselines import TrainingBaselines, TrainingCase
from medtrans.models.config import read_config
from medtrans.models.folder import write_card
from medtrans.models.zoo import model_folders
from medtrans.phantoms.contrasts import paint_ct
from medtrans.phantoms.painting import painted_head
from medtrans.phantoms.skulls import hull_of_brain
from medtrans.phantoms.t1_target import clean_t1
from medtrans.preparing.degrading import degraded_in_place
from medtrans.preparing.geometry import orient, resample_like
from medtrans.reading.names import subject_of
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_volume
from medtrans.translating.ensemble import AnyTranslator, load_translator

THICK, IN_VOXELS = "T1 of 5 mm", "T1 in voxels of 5 mm"
ON_GRID = ("T2", "FLAIR", THICK)
SOURCES = (*ON_GRID, IN_VOXELS)
INTERPOLATED = {THICK: "linear", IN_VOXELS: "cubic"}
"""To the grid of the T1, for what they are compared with; a model interpolates voxels by cubic splines, too."""
SLICES: list[dict[str, Any]] = [
    {"name": "thick_slices", "parameters": {"millimetres": 5.0, "gap": 0.0, "plane": "axial", "profile": "gaussian"}}
]
PAINTED, HULL_MM = "painted CT", 3.0
"""Source of painted heads, and how much CSF around the brain counts."""
METRICS = {"psnr": 2, "ssim": 3, "mae": 4}
"""Name → digits that are shown."""
MODEL, LOOKUP, MEAN, SOURCE = "model", "intensity lookup", "mean image", "source itself"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("--painted", type=Path, help="folder of label maps, whose painted CT are translated")
    parser.add_argument("--model", "-m", action="append", required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--cards", action="store_true", help="write the scores into the cards of the models")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engine", default="torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    translator, finer = (
        load_translator(options.model, engine=options.engine, grid=grid) for grid in ("source", "model")
    )
    people = read_people(options.people, translator, finer)
    scores = [score for name in people for source in SOURCES for score in scores_of(name, source, people)]
    painted = paint_people(options.painted, translator) if options.painted else {}
    scores += [score for name in painted for score in scores_of(name, PAINTED, painted)]
    facts: dict[str, Any] = {"figure": figure(scores), "summary": summary(scores), "gains": gains(scores)}
    facts |= {"scores": scores}
    write_atomically(options.output, (json.dumps(facts, indent=1) + "\n").encode())
    if options.cards:
        for folder in model_folders(options.model):
            write_card(folder, read_config(folder), later(scores))
    print(text_table(facts["summary"]))
    print(text_table(facts["gains"]))


Person = dict[str, Volume]
"""T1, and each source of a person with what is "made from" it, on the scale of the 99.5th percentile of the brain; and
the brain."""


def read_people(folder: Path, translator: AnyTranslator, finer: AnyTranslator) -> dict[str, Person]:
    """One visit of each person that has all three images; `finer` writes voxels of the model's size."""
    people: dict[str, Person] = {}
    for t1 in sorted(folder.rglob("*_T1.nii.gz")):
        name = t1.name.removesuffix("_T1.nii.gz")
        paths = {contrast: t1.with_name(f"{name}_{contrast}.nii.gz") for contrast in ("T1", "T2", "FLAIR")}
        if subject_of(name) not in people and all(path.exists() for path in paths.values()):
            images = {contrast: orient(read_volume(path), "RAS")[0] for contrast, path in paths.items()}
            for source, interpolation in INTERPOLATED.items():
                images[source] = degraded_in_place(images["T1"], SLICES, find_modality("MR"), interpolation)
            made = {f"made from {source}": translator(images[source]) for source in ON_GRID}
            small = finer(degrade_all(images["T1"], SLICES, find_modality("MR")))
            made[f"made from {IN_VOXELS}"] = resample_like(small, images["T1"], order=1)
            brain = brain_of(t1, name, images["T1"])
            people[subject_of(name)] = {key: scaled(image, brain) for key, image in (images | made).items()}
            people[subject_of(name)]["brain"] = brain
            print(name, flush=True)
    return people


def paint_people(folder: Path, translator: AnyTranslator) -> dict[str, Person]:
    """T1 and CT of each label map, and what is made from the CT."""
    people: dict[str, Person] = {}
    for number, path in enumerate(sorted(folder.glob("*_labels.nii.gz"))):
        rng = np.random.default_rng(number)
        head = painted_head(orient(read_volume(path), "RAS")[0], rng, new_skull=False, factor=1)
        t1, ct = clean_t1(head, rng), paint_ct(head, rng)
        brain = ct.like(hull_of_brain(head.tissues.voxels[0], head.grid.spacing, HULL_MM).astype(np.uint8))
        images = {"T1": t1, PAINTED: brain_window(ct), f"made from {PAINTED}": translator(ct)}
        name = path.name.split("_labels")[0]
        people[name] = {key: scaled(image, brain) for key, image in images.items()} | {"brain": brain}
        print(name, flush=True)
    return people


def brain_of(t1: Path, name: str, image: Volume) -> Volume:
    """The mask of the brain: of a file, or where the image of a brain alone is not 0."""
    masks = [t1.with_name(f"{owner}_brain.nii.gz") for owner in (name, subject_of(name))]
    found = [orient(read_volume(path), "RAS")[0].voxels for path in masks if path.exists()] or [image.voxels]
    return image.like((found[0] > 0).astype(np.uint8))


def scaled(image: Volume, brain: Volume) -> Volume:
    """The image as a share of the 99.5th percentile in its brain."""
    voxels = image.voxels.astype(np.float32)
    return image.like(voxels / np.percentile(voxels[brain.voxels > 0], 99.5).astype(np.float32))


def scores_of(name: str, source: str, people: dict[str, Person]) -> list[dict[str, Any]]:
    """The scores of each system for one source of one person."""
    own, others = people[name], [person for other, person in people.items() if other != name]
    cases = [TrainingCase(other["T1"], other["brain"].voxels[0] > 0, other[source].voxels) for other in others]
    made, brain = own[f"made from {source}"], own["brain"]
    factor = float(np.median([gain(other, source) for other in others]))
    systems = {MODEL: made.like(made.voxels * np.float32(factor)), SOURCE: own[source]}
    systems |= TrainingBaselines(cases).volumes(own["T1"], brain.voxels[0] > 0, 0.0, own[source].voxels)
    systems[MEAN] = own["T1"].like(np.mean([in_box_of(own, other).voxels for other in others], axis=0))
    scores = []
    for system in (MODEL, LOOKUP, MEAN, SOURCE):
        found = score_pair(systems[system], own["T1"], brain, "mr-percentile", case=name)
        values = {score.metric.name: score.value for score in found}
        rounded = {metric: round(float(values[metric]), 4) for metric in METRICS}
        scores.append({"person": name, "source": source, "system": system, **rounded})
        print(scores[-1], flush=True)
    return scores


def in_box_of(own: Person, other: Person) -> Volume:
    """The T1 of another person on the own grid, the boxes around both brains brought together."""
    (low, high), (first, last) = (
        (places.min(axis=0), places.max(axis=0))
        for places in (np.argwhere(one["brain"].voxels[0]) for one in (own, other))
    )
    to_own = np.diag([*((high - low) / (last - first)), 1.0])
    to_own[:3, 3] = low - to_own[:3, :3] @ first
    moved = Volume(other["T1"].voxels, own["T1"].affine @ to_own)
    return resample_like(moved, own["T1"], order=1)


def gain(person: Person, source: str) -> float:
    """The factor of a translation with the smallest squared error in the brain."""
    inside = person["brain"].voxels > 0
    made, target = (person[key].voxels[inside].astype(np.float64) for key in (f"made from {source}", "T1"))
    return float(made @ target / (made @ made))


def sources_of(scores: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(score["source"] for score in scores))


def values_of(scores: list[dict[str, Any]], source: str, system: str, metric: str) -> np.ndarray:
    """Of each person, in their order."""
    return np.array([one[metric] for one in scores if (one["source"], one["system"]) == (source, system)])


def interval(values: np.ndarray, digits: int, sign: str = "") -> str:
    """Mean over people and its 95 % interval."""
    found = mean_interval(values)
    return f"{found.value:{sign}.{digits}f} ({found.low:{sign}.{digits}f} … {found.high:{sign}.{digits}f})"


def summary(scores: list[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each source and system: means over people with 95 % intervals."""
    return [
        {"source": source, "system": system, "people": str(len(values_of(scores, source, system, "psnr")))}
        | {metric: interval(values_of(scores, source, system, metric), digits) for metric, digits in METRICS.items()}
        for source in sources_of(scores)
        for system in (MODEL, LOOKUP, MEAN, SOURCE)
    ]


def gains(scores: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Differences of the model and each other system: means over people with 95 % intervals, and the least in PSNR."""
    rows = []
    for source in sources_of(scores):
        for system in (LOOKUP, MEAN, SOURCE):
            row = {"source": source, "model minus": system}
            for metric, digits in METRICS.items():
                ours, theirs = (values_of(scores, source, one, metric) for one in (MODEL, system))
                row[metric] = interval(ours - theirs, digits, "+")
                if metric == "psnr":
                    row["worst psnr"] = f"{(ours - theirs).min():+.2f}"
            rows.append(row)
    return rows


def figure(scores: list[dict[str, Any]]) -> str:
    """The scores of real people in one sentence."""
    people = len({score["person"] for score in scores if score["source"] in SOURCES})
    parts = [
        f"{np.mean(values_of(scores, source, MODEL, 'psnr') - values_of(scores, source, LOOKUP, 'psnr')):+.1f} dB"
        f" from {source}"
        for source in SOURCES
    ]
    return f"PSNR of the T1 of {people} people, against an intensity lookup: {', '.join(parts)}"


def later(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores and failures for the model card."""
    rows = {(row["source"], row["system"]): row for row in summary(scores)}
    table = {
        f"{source} of {rows[source, MODEL]['people']} {'real people' if source in SOURCES else 'heads'} to their T1, "
        "PSNR in dB in the brain, mean (95 %)": (
            "; ".join(f"{system} {rows[source, system]['psnr']}" for system in (MODEL, LOOKUP, MEAN, SOURCE))
        )
        for source in sources_of(scores)
    }
    ours, lookups = ([one for one in scores if one["system"] == system] for system in (MODEL, LOOKUP))
    worst, lookup = min(zip(ours, lookups, strict=True), key=lambda pair: pair[0]["psnr"] - pair[1]["psnr"])
    text = f"worst against the lookup: {worst['source']} of one person, {worst['psnr']:.2f} dB"
    return {"scores": table, "failures": [f"{text}, the lookup {lookup['psnr']:.2f} dB"]}


if __name__ == "__main__":
    run_script(main)

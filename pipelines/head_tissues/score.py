"""Scores of a segmenter of the tissues of heads, on painted heads and on real ones: as JSON and as tables.

    python pipelines/head_tissues/score.py LABELS -m runs/head_tissues/model -o scores.json \
        --t1 T1 --skull MASK --brain MASK --people PEOPLE

LABELS are label maps that no model was trained with. Each is painted in voxels of 1 mm, once in each contrast on a
random scanner, as a whole head and as a brain alone, and its tissues are compared by Dice. T1, SKULL and BRAIN are
those of one real head; the skull is cortical bone and marrow. PEOPLE holds NAME_T1, NAME_T2 and NAME_FLAIR on one grid
for each person, without true tissues: the maps of T2 and FLAIR are compared with that of the T1.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medtrans.cli.exit_codes import run_script
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.evaluating.columns import count_text
from medtrans.evaluating.statistics.intervals import mean_interval
from medtrans.metrics.image._overlap import dice
from medtrans.models.config import read_config
from medtrans.models.folder import write_card
from medtrans.models.zoo import model_folders
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.phantoms.skulls import hull_of_brain
from medtrans.phantoms.tissues import NUMBER
from medtrans.reading.names import subject_of
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_volume
from medtrans.translating.ensemble import AnyTranslator, load_translator

CONTRASTS = ("T1", "T2", "FLAIR", "PD")
BRAIN = ("CSF", "grey matter", "white matter", "deep grey matter")
HEAD = ("skin", "fat", "muscle", "cortical bone", "marrow", "vitreous")
SKULL = ("cortical bone", "marrow")
HULL_MM = 3.0
"""Of CSF around a brain alone."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--model", "-m", required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--t1", type=Path)
    parser.add_argument("--skull", type=Path)
    parser.add_argument("--brain", type=Path)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--cards", action="store_true", help="write the scores into the card of the model")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    segmenter = load_translator(options.model)
    painted = [
        score
        for number, path in enumerate(sorted(options.labels.glob("*_labels.nii.gz")))
        for score in painted_scores(segmenter, read_volume(path), path.name.split("_labels")[0], number)
    ]
    real = real_score(segmenter, options.t1, options.skull, options.brain) if options.t1 else {}
    people = people_scores(segmenter, options.people) if options.people else []
    facts: dict[str, Any] = {"figure": figure(painted, real), "summary": summary(painted), "painted": painted}
    facts |= {"real": real, "people": people}
    write_atomically(options.output, (json.dumps(facts, indent=1) + "\n").encode())
    if options.cards:
        for folder in model_folders([options.model]):
            write_card(folder, read_config(folder), later(painted, real, people))
    print(text_table(facts["summary"]))
    print(real)


def painted_scores(segmenter: AnyTranslator, labels: Volume, name: str, seed: int) -> list[dict[str, Any]]:
    """Dice of every tissue of one label map, for each contrast, of the whole head and of the brain alone."""
    head = from_label_map(labels, np.random.default_rng(seed))
    truth = head.tissues.voxels[0]
    hull = hull_of_brain(truth, head.grid.spacing, HULL_MM)
    scores = []
    for number, contrast in enumerate(CONTRASTS):
        rng = np.random.default_rng([seed, 2, number])
        image = paint_mr(head, other_scanner(contrast, rng), rng)
        for part, mask in (("whole head", None), ("brain alone", hull)):
            given = image if mask is None else image.like(image.voxels * mask)
            true = truth if mask is None else truth * mask
            found = segmenter(given).voxels[0]
            names = (*BRAIN, *HEAD) if mask is None else BRAIN
            overlap = {tissue: overlap_of(found, true, tissue) for tissue in names}
            if mask is None:
                overlap["skull"] = overlap_of(found, true, *SKULL)
            scores.append({"head": name, "contrast": contrast, "part": part, "dice": overlap})
            print(scores[-1], flush=True)
    return scores


def is_tissue(labels: np.ndarray, *names: str) -> np.ndarray:
    """Where a map has one of these tissues."""
    return np.isin(labels, [NUMBER[name] for name in names])


def overlap_of(found: np.ndarray, true: np.ndarray, *names: str) -> float:
    """Dice of tissues in two maps; 0 where both lack them, since every head has them."""
    one, other = is_tissue(found, *names), is_tissue(true, *names)
    return round(dice(one, other), 3) if one.any() or other.any() else 0.0


def real_score(segmenter: AnyTranslator, t1: Path, skull: Path, brain: Path) -> dict[str, float]:
    """Skull and brain of a real head, against masks that its CT gave."""
    found = segmenter(read_volume(t1)).voxels[0]
    bone, truth, inside = is_tissue(found, *SKULL), read_volume(skull).voxels[0] > 0, read_volume(brain).voxels[0] > 0
    both = (bone & truth).sum()
    facts = {
        "skull_dice": dice(bone, truth),
        "skull_precision": both / bone.sum(),
        "skull_recall": both / truth.sum(),
        "intracranial_dice": dice(is_tissue(found, *BRAIN), inside),
    }
    return {key: round(float(value), 3) for key, value in facts.items()}


def people_scores(segmenter: AnyTranslator, folder: Path) -> list[dict[str, Any]]:
    """Dice of the maps of T2 and FLAIR with that of the T1 of the same person, one visit of each."""
    scores: list[dict[str, Any]] = []
    for t1 in sorted(folder.rglob("*_T1.nii.gz")):
        name = t1.name.removesuffix("_T1.nii.gz")
        others = {contrast: t1.with_name(f"{name}_{contrast}.nii.gz") for contrast in ("T2", "FLAIR")}
        if any(score["person"] == subject_of(name) for score in scores) or not all(map(Path.exists, others.values())):
            continue
        first = segmenter(read_volume(t1)).voxels[0]
        for contrast, path in others.items():
            found = segmenter(read_volume(path)).voxels[0]
            overlap = {tissue: overlap_of(found, first, tissue) for tissue in BRAIN}
            scores.append({"person": subject_of(name), "contrast": contrast, "dice": overlap})
            print(scores[-1], flush=True)
    return scores


def mean_of(score: dict[str, Any], tissues: tuple[str, ...]) -> float:
    """Mean Dice over tissues."""
    return float(np.mean([score["dice"][tissue] for tissue in tissues]))


def interval(values: list[float]) -> str:
    """Mean over heads and its 95 % interval, which one head does not have."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    found = mean_interval(np.array(values))
    return f"{found.value:.3f} ({found.low:.3f} … {found.high:.3f})"


def summary(painted: list[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each contrast and part: means over heads with 95 % intervals."""
    rows = []
    for part in ("whole head", "brain alone"):
        for contrast in CONTRASTS:
            own = [score for score in painted if (score["contrast"], score["part"]) == (contrast, part)]
            row = {"image": part, "contrast": contrast, "heads": str(len(own))}
            row["brain tissues"] = interval([mean_of(score, BRAIN) for score in own])
            row["worst head"] = f"{min(mean_of(score, BRAIN) for score in own):.3f}"
            row |= {tissue: interval([score["dice"][tissue] for score in own]) for tissue in BRAIN}
            if part == "whole head":
                row["skull"] = interval([score["dice"]["skull"] for score in own])
                row["other tissues"] = interval([mean_of(score, HEAD) for score in own])
            rows.append(row)
    return rows


def later(painted: list[dict[str, Any]], real: dict[str, float], people: list[dict[str, Any]]) -> dict[str, Any]:
    """Scores and failures for the model card."""
    scores = {
        f"painted {row['contrast']}, {row['image']}, {row['heads']} people never trained with, Dice, mean (95 %)": (
            f"brain tissues {row['brain tissues']}" + (f"; skull {row['skull']}" if "skull" in row else "")
        )
        for row in summary(painted)
    }
    scores |= {f"real T1, n = 1: {key.replace('_', ' ')}": f"{value:g}" for key, value in real.items()}
    for contrast in dict.fromkeys(score["contrast"] for score in people):
        own = [mean_of(score, BRAIN) for score in people if score["contrast"] == contrast]
        what = f"brain tissues of the {contrast} against those of the T1 of the same person, n = {len(own)}, Dice"
        scores[what] = interval(own)
    worst = min(painted, key=lambda score: mean_of(score, BRAIN))
    text = f"worst of all painted images: {worst['contrast']} of {worst['head']}, {worst['part']}"
    return {"scores": scores, "failures": [f"{text}, Dice of brain tissues {mean_of(worst, BRAIN):.3f}"]}


def figure(painted: list[dict[str, Any]], real: dict[str, float]) -> str:
    """The scores in one sentence."""
    heads = count_text(len({score["head"] for score in painted}), "painted head")
    whole = np.mean([mean_of(score, BRAIN) for score in painted if score["part"] == "whole head"])
    text = f"Dice of brain tissues {whole:.2f} on {heads} in {len(CONTRASTS)} contrasts"
    return f"{text}; of the skull {real['skull_dice']:.2f} on a real T1 (n = 1)" if real else text


if __name__ == "__main__":
    run_script(main)

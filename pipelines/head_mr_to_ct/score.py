"""Scores of an MR-to-CT model of the head on painted heads and on a real one, as JSON and as a table.

    python pipelines/head_mr_to_ct/score.py LABELS -m runs/axial/model -m runs/coronal/model -o scores.json \
        --t1 T1 --skull MASK --brain MASK

LABELS are label maps that no model was trained with. Each is painted in voxels of 1 mm, once in each contrast on a
random scanner, and translated. T1, SKULL and BRAIN are those of one real head: bone Dice is that of CT above 250 HU
and the skull. The baseline is soft tissue of 40 HU everywhere in the head.
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
from medtrans.phantoms.contrasts import paint_ct, paint_mr
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_volume
from medtrans.translating.ensemble import AnyTranslator, load_translator

CONTRASTS = ("T1", "T2", "FLAIR", "PD")
BONE_HU, SOFT_HU = 250.0, 40.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--model", "-m", action="append", required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--t1", type=Path)
    parser.add_argument("--skull", type=Path)
    parser.add_argument("--brain", type=Path)
    parser.add_argument("--cards", action="store_true", help="write the scores into the cards of the models")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    translator = load_translator(options.model)
    painted = [
        score
        for number, path in enumerate(sorted(options.labels.glob("*_labels.nii.gz")))
        for score in painted_scores(translator, read_volume(path), path.name.split("_labels")[0], number)
    ]
    real = real_score(translator, options.t1, options.skull, options.brain) if options.t1 else {}
    facts = {"figure": figure(painted, real), "summary": summary(painted), "painted": painted, "real": real}
    write_atomically(options.output, (json.dumps(facts, indent=1) + "\n").encode())
    if options.cards:
        for folder in model_folders(options.model):
            write_card(folder, read_config(folder), later(painted, real))
    print(text_table(facts["summary"]))
    print(real)


def painted_scores(translator: AnyTranslator, labels: Volume, name: str, seed: int) -> list[dict[str, Any]]:
    """The scores of one label map, for each contrast."""
    head = from_label_map(labels, np.random.default_rng(seed))
    ct = paint_ct(head, np.random.default_rng([seed, 1]), noise=0)
    scores = []
    for number, contrast in enumerate(CONTRASTS):
        rng = np.random.default_rng([seed, 2, number])
        made = translator(paint_mr(head, other_scanner(contrast, rng), rng))
        hu, truth, body = made.voxels[0], ct.voxels[0], head.mask.voxels[0] > 0
        errors = {"mae": hu[body] - truth[body], "soft_tissue_mae": SOFT_HU - truth[body].astype(float)}
        scores.append(
            {
                "head": name,
                "contrast": contrast,
                **{key: round(float(np.abs(error).mean()), 1) for key, error in errors.items()},
                "bone_dice": round(dice(body & (hu >= BONE_HU), body & (truth >= BONE_HU)), 3),
            }
        )
        print(scores[-1], flush=True)
    return scores


def real_score(translator: AnyTranslator, t1: Path, skull: Path, brain: Path) -> dict[str, float]:
    """Bone and brain of a real head whose CT gave a skull and a brain mask."""
    made = translator(read_volume(t1)).voxels[0]
    bone, truth, inside = made > BONE_HU, read_volume(skull).voxels[0] > 0, read_volume(brain).voxels[0] > 0
    both, within = (bone & truth).sum(), made[inside]
    facts = {
        "bone_dice": dice(bone, truth),
        "precision": both / bone.sum(),
        "recall": both / truth.sum(),
        "brain_median_hu": np.median(within),
        "brain_0_to_60_hu": ((within >= 0) & (within <= 60)).mean(),
    }
    return {key: round(float(value), 3) for key, value in facts.items()}


def summary(painted: list[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each contrast: means over heads with 95 % intervals."""
    rows = []
    for contrast in CONTRASTS:
        of_contrast = [score for score in painted if score["contrast"] == contrast]
        row = {"contrast": contrast, "heads": str(len(of_contrast))}
        for key, digits in (("mae", 1), ("soft_tissue_mae", 1), ("bone_dice", 3)):
            found = mean_interval(np.array([score[key] for score in of_contrast]))
            row[key] = f"{found.value:.{digits}f} ({found.low:.{digits}f} … {found.high:.{digits}f})"
        rows.append(row)
    return rows


def later(painted: list[dict[str, Any]], real: dict[str, float]) -> dict[str, Any]:
    """Scores and failures for the model card."""
    scores = {
        f"painted {row['contrast']}, {row['heads']} heads that were not trained with, mean (95 %)": (
            f"MAE {row['mae']} HU; soft tissue everywhere {row['soft_tissue_mae']} HU; bone Dice {row['bone_dice']}"
        )
        for row in summary(painted)
    }
    scores |= {f"real T1, n = 1: {key.replace('_', ' ')}": f"{value:g}" for key, value in real.items()}
    worst = min(painted, key=lambda score: score["bone_dice"])
    text = "worst of all painted heads: {contrast} of {head}, bone Dice {bone_dice}, MAE {mae} HU".format(**worst)
    return {"scores": {"model": "mean of all its networks", **scores}, "failures": [text]}


def figure(painted: list[dict[str, Any]], real: dict[str, float]) -> str:
    """The scores in one sentence."""
    heads = count_text(len({score["head"] for score in painted}), "painted head")
    mae, bone = (np.mean([score[key] for score in painted]) for key in ("mae", "bone_dice"))
    text = f"MAE {mae:.0f} HU, bone Dice {bone:.2f} on {heads} in {len(CONTRASTS)} contrasts"
    return f"{text}; bone Dice {real['bone_dice']:.2f} on a real T1 (n = 1)" if real else text


if __name__ == "__main__":
    run_script(main)

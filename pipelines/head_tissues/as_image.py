"""Makes of a segmenter of tissues a model of CT or of T1: the mean intensity of the tissues that each voxel may be.

    python pipelines/head_tissues/as_image.py runs/head_tissues/model --to CT -o runs/tissues_as_ct

Nothing is trained: the weights are those of the segmenter, whose classes get the HU of the phantoms, or the signals of
an MPRAGE (networks/class_means). It is a member beside the networks of head_mr_to_ct or head_any_to_t1, whose errors
are others: `medtrans translate -m` for each. `--like` takes over from one of these what a source must be (gate.json),
and the scale of a T1, which has no unit.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from medtrans.auditing.gate.signature import GATE
from medtrans.cli.exit_codes import run_script
from medtrans.core.errors import ModelRefused
from medtrans.core.method import Task
from medtrans.methods.regression import Regression, RegressionSettings
from medtrans.methods.segmenter import Segmenter
from medtrans.models.folder import load_model, save_model
from medtrans.networks.class_means import ClassMeansSettings
from medtrans.phantoms.painting import MARROW, MODALITIES
from medtrans.phantoms.t1_target import t1_signals
from medtrans.phantoms.tissues import NUMBER, TISSUES
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.preparation import Preparation
from medtrans.recipe import load_recipe

RECIPES = {"CT": "head_mr_to_ct", "T1": "head_any_to_t1"}
"""The pipelines whose targets, limits of the translation and card the model gets."""
PIPELINES = Path(__file__).parent.parent
ABOUT = "Any MR contrast of a head to {to}, by a segmenter of tissues: the mean intensity of those that a voxel may be."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder of a segmenter of tissues, of label maps alone")
    parser.add_argument("--to", choices=RECIPES, required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--like", type=Path, help="model folder of a network with such sources and targets")
    options = parser.parse_args()
    segmenter, preparation, config = load_model(options.model)
    labels = preparation.settings.target_normalisation
    if not (isinstance(segmenter, Segmenter) and isinstance(labels, Labels)):
        raise ModelRefused(options.model, "is no segmenter", "give the model folder of head_tissues")
    recipe = load_recipe(PIPELINES / RECIPES[options.to] / "recipe.yaml")
    target = recipe.preparing.target_normalisation
    means = np.array([intensities(options.to)[number] for number in (0, *labels.labels)], np.float32)
    normalised = target.normalise(means, np.ones(len(means), bool))[0]
    generator = ClassMeansSettings(network=segmenter.settings.network, means=tuple(map(float, normalised)))
    task = Task.from_dict({**segmenter.task.to_dict(), "target_channels": 1}, "task")
    method = Regression(task, RegressionSettings(generator=generator))
    method.load_state_dict({f"G.U.{key}": value for key, value in segmenter.S.state_dict().items()}, strict=True)
    settings = replace(preparation.settings, target_normalisation=target)
    scale = load_model(options.like)[1].target_percentiles if options.like else ()
    made = Preparation(settings, preparation.source_modality, MODALITIES[options.to], scale)
    declared = {**config["card"]["declared"], **{key: value for key, value in asdict(recipe.card).items() if value}}
    declared["source"] = config["card"]["declared"]["source"]
    card = {**config["card"], "name": RECIPES[options.to], "about": ABOUT.format(to=options.to), "declared": declared}
    brain = load_recipe(Path(__file__).with_name("recipe.yaml")).translating.reclassified
    to_t1 = options.to == "T1"
    translating = replace(recipe.translating, reclassified=brain if to_t1 else (), keeps_t1=to_t1)
    save_model(options.output, method, made, card, translating=translating)
    gate = (options.like or options.model) / GATE
    if gate.is_file():
        shutil.copy(gate, options.output / GATE)
    print(options.output)


def intensities(to: str) -> list[float]:
    """Of each tissue, by number: HU, or the signal of an MPRAGE."""
    if to == "T1":
        return t1_signals()
    hu = [float(tissue.hu) for tissue in TISSUES]
    hu[NUMBER["marrow"]] = sum(MARROW) / 2
    return hu


if __name__ == "__main__":
    run_script(main)

"""Restoration by a known linear degradation: interpolation, total variation, and models with and without data
consistency, on cases that no run has seen.

    python docs/benchmarks/known_operators.py runs/thick runs/fast --cases NEW -o OUT [--systems model consistent …]

NEW holds cases as those that the runs were trained with. Each is degraded by the chain of the run. The weight of total
variation is chosen on two training cases of the run. Models that draw from noise are posterior samplers, too: one
sample for each case. A null-space network is there with data consistency alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from time import process_time

from medtrans.batching.degraded_sources import read_measured
from medtrans.batching.translate_files import translate_files
from medtrans.core.case import Case
from medtrans.core.method import Denoises
from medtrans.core.modality import Modality, find_modality
from medtrans.core.tables import text_table
from medtrans.evaluating.run_cases import RunCase
from medtrans.evaluating.scoring import ScoringTask, score_cases
from medtrans.reading.names import sidecar_path
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.translating.data_consistency import Measured
from medtrans.translating.total_variation import choose_weight, total_variation
from medtrans.translating.translator import Translator

METRICS = ("psnr", "ssim", "measurement_residual", "null_space_share")
NOISE = {"sparse_views": 0.01}
"""Of sources whose image is not quite what was measured."""
POSTERIOR_NOISE = 0.01
TRAINING_CASES = 2
SYSTEMS = ("model", "consistent", "posterior", "total variation")


class InSourceUnit(RunCase):
    in_source_unit = True


def restored(folder: Path, new: Path, output: Path, systems: Sequence[str]) -> Iterator[tuple[str, RunCase]]:
    """System → each new case as it restores it."""
    run = RunFolder(folder)
    recipe = load_recipe(run.recipe)
    modality = find_modality(recipe.reading.target_modality)
    tested = replace(recipe, reading=replace(recipe.reading, root=new))
    cases, _ = run_cases(tested, RunFolder(output))
    model = Translator.load(run.model).with_settings(grid="source")
    noise = NOISE.get(recipe.degrading.chain[0].to_dict()["name"], 0.0)
    plain = model.with_settings(data_consistency=None)
    translators = {"model": plain, "consistent": plain.with_settings(data_consistency=noise)}
    if isinstance(model.method, Denoises) and model.method.noise_channels:
        translators["posterior"] = plain.with_settings(posterior_sampling=POSTERIOR_NOISE)
    for system, translator in translators.items():
        if system not in systems:
            continue
        names, masks = [case.name for case in cases], [case.mask for case in cases]
        translate_files([case.sources for case in cases], output / system, translator, names=names, masks=masks)
        for case in cases:
            made = output / system / f"{case.name}.nii.gz"
            yield system, RunCase(case, made, model.preparation, recipe.evaluating.region)
    weight = _weight(recipe, run, modality) if "total variation" in systems else 0.0
    for case in cases if weight else ():
        made, began = output / "total variation" / f"{case.name}.nii.gz", process_time()
        volume = total_variation(read_volume(case.sources[0]), _how(case), weight, modality)
        print(f"total variation of {case.name}: weight {weight:g}, {process_time() - began:.1f} s", flush=True)
        write_volume(volume, made)
        yield "total variation", InSourceUnit(case, made, model.preparation, recipe.evaluating.region)


def _weight(recipe: Recipe, run: RunFolder, modality: Modality) -> float:
    training = [case for case in recipe.cases() if case.split == "train"][:TRAINING_CASES]
    cases, _ = run_cases(recipe, run, training)
    pairs = [(read_volume(case.sources[0]), read_volume(case.targets[0])) for case in cases]
    return choose_weight(pairs, [_how(case) for case in cases], modality)


def _how(case: Case) -> Measured:
    return read_measured(sidecar_path(case.sources[0]))


def table(folder: Path, new: Path, output: Path, chosen: Sequence[str]) -> list[Mapping[str, str]]:
    """One row for each system: the mean over the cases."""
    recipe, values = load_recipe(RunFolder(folder).recipe), dict[tuple[str, str], list[float]]()
    for system, case in restored(folder, new, output, chosen):
        task = ScoringTask(recipe.evaluating.preset, recipe.evaluating.region, recipe.evaluating.metrics)
        evaluation = score_cases([case], task)
        for failure in evaluation.failed.values():
            print(failure.sentence)
        for score in evaluation.scores:
            names = {"translated": system, "copied source": "source"}
            if score.metric.name in METRICS and (score.system == "translated" or system == chosen[0]):
                values.setdefault((names[score.system], score.metric.name), []).append(score.value)
    found = dict.fromkeys(system for system, _ in values)
    return [
        {"degradation": folder.name, "system": system, "n": str(len(values[system, "psnr"]))}
        | {metric: f"{fmean(values[system, metric]):.3f}" for metric in METRICS}
        for system in found
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options = parser.parse_args()
    for one in options.runs:
        print(text_table(table(one, options.cases, options.output / one.name, options.systems)), flush=True)

"""Does unpaired translation learn? Error against steps of CycleGAN and CUT: python docs/benchmarks/unpaired.py -o OUT

MR to CT and T1 to FLAIR of synthetic heads of 4 mm, slice by slice, by unpaired.yaml: 28 heads train, 6 validate, and
6 are scored, all in OUT/heads:

    medtrans phantoms -o OUT/heads --count 40 --contrasts T1,FLAIR,CT --spacing 4 --seed 1000

The curve is the error of the validation heads, beside what the mean image and the intensity lookup reach
on the same heads; both are learnt from the pairs of the training heads, which the methods do not see as pairs. Each run
is taken up where it was interrupted. Writes unpaired.md, unpaired.png and unpaired.json; with --done, of the runs that
are there. --known names an unpaired.json of another machine: its runs are shown, and not trained again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import fmean

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.core.tables import text_table
from medtrans.evaluating.image_scores import score_pair
from medtrans.evaluating.run_cases import RunCase, TargetPreparation, training_cases
from medtrans.evaluating.training_baselines import INTENSITY_LOOKUP, TRAINING_MEAN_IMAGE, TrainingBaselines
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.run import run
from medtrans.training.journal import read_journal
from medtrans.translating.translator import Translator

RECIPE = Path(__file__).with_name("unpaired.yaml")
FIRST, SPLITS = 1000, {"train": 28, "validation": 6, "test": 6}
TASKS = {
    "CT": ("preparing.target_normalisation={name: linear, low: -1000, high: 1000}",),
    "FLAIR": (
        "reading.target.modality=MR",
        "preparing.target_normalisation={name: linear, low: 0, high: 300}",
        "evaluating.preset=mr-percentile",
    ),
}
"""Target of T1 → what it changes of the recipe."""
CUT = (
    "method={name: cut, generator: {name: resnet, filters: 16, blocks: 4, norm: instance}, patches: 64, features: 64, "
    "discriminator: {name: patch_discriminator, filters: 32, layers: 2, norm: instance}}",
    "training.learning_rate=1.0e-3",
)
MIND = ("method.structure=mind",)
METHODS = {"CycleGAN": (), "CycleGAN + MIND": MIND, "CUT": CUT, "CUT + MIND": CUT + MIND}
BASELINES = (INTENSITY_LOOKUP, TRAINING_MEAN_IMAGE)


@dataclass(frozen=True)
class Curve:
    """One run: validation error by step, and the errors of the scored heads."""

    task: str
    method: str
    seed: int
    steps: Sequence[int]
    errors: Sequence[float]
    scores: Mapping[str, float]
    """System → MAE of the scored heads."""
    baselines: Mapping[str, float]
    """Of the validation heads."""

    @property
    def run(self) -> tuple[str, str, int]:
        return self.task, self.method, self.seed

    def first_below(self, limit: float) -> int | None:
        """The step from which on every error is below."""
        above = [n for n, error in enumerate(self.errors) if error >= limit]
        first = above[-1] + 1 if above else 0
        return self.steps[first] if first < len(self.steps) else None


def recipe_of(output: Path, task: str, method: str, seed: int, changes: Sequence[str]) -> Recipe:
    fixed = [f"reading.root={output / 'heads'}", f"reading.table={output / f'{task}.csv'}", f"training.seed={seed}"]
    return load_recipe(RECIPE, [*fixed, *TASKS[task], *METHODS[method], *changes])


def write_tables(output: Path) -> None:
    """The cases of each task."""
    splits = [split for split, count in SPLITS.items() for _ in range(count)]
    for task in TASKS:
        lines = [
            f"sub-{n},{split},sub-{n}_T1.nii.gz,sub-{n}_{task}.nii.gz,sub-{n}_mask.nii.gz"
            for n, split in enumerate(splits, FIRST)
        ]
        (output / f"{task}.csv").write_text("\n".join(["subject,split,source,target,mask", *lines, ""]))


def baselines_of(recipe: Recipe, preparation: TargetPreparation) -> dict[str, float]:
    """MAE of the baselines on the validation heads."""
    cases, region = recipe.cases(), recipe.evaluating.region
    learnt = TrainingBaselines(training_cases(cases, region, preparation))
    found: dict[str, list[float]] = {name: [] for name in BASELINES}
    for case in (case for case in cases if case.split == "validation"):
        own = RunCase(case, None, preparation, region, learnt)
        target, volumes = own.target(), own.baselines(own.target())
        for name in BASELINES:
            scores = score_pair(volumes[name], target, own.mask(target), recipe.evaluating.preset)
            found[name].append(next(score.value for score in scores if score.metric.label == "mae"))
    return {name: fmean(values) for name, values in found.items()}


def curve(output: Path, task: str, method: str, seed: int, changes: Sequence[str]) -> Curve:
    """Train, or take up, and score."""
    recipe, folder = recipe_of(output, task, method, seed, changes), folder_of(output, task, method, seed)
    result = run(recipe, folder)
    assert result is not None
    rows = [row for row in read_journal(RunFolder(folder).journal) if "validation/mae" in row]
    preparation = Translator.load(RunFolder(folder).model, device="cpu").preparation
    return Curve(
        task,
        method,
        seed,
        [int(row["step"]) for row in rows],
        [row["validation/mae"] for row in rows],
        {system: values["mae"] for system, values in result.scores.items()},
        baselines_of(recipe, preparation),
    )


def folder_of(output: Path, task: str, method: str, seed: int) -> Path:
    return output / "runs" / f"{task}_{method.replace(' + ', '-').lower()}_seed-{seed}"


def table(curves: Sequence[Curve]) -> str:
    """A line for each task and method, with the range of the seeds."""
    rows = []
    for task, method in dict.fromkeys((one.task, one.method) for one in curves):
        own = [one for one in curves if (one.task, one.method) == (task, method)]
        rows.append(
            {
                "T1 to": task,
                "method": method,
                "seeds": f"{len(own)}",
                "steps": _range([one.steps[-1] for one in own], ",.0f"),
                "MAE, scored heads": _range([one.scores["translated"] for one in own]),
                **{f"{name}": _range([one.scores[name] for one in own]) for name in BASELINES},
                **{f"below {name} from step": _from(own, name) for name in BASELINES},
            }
        )
    return text_table(rows, tuple(rows[0]))


def _range(values: Sequence[float], how: str = ".3g") -> str:
    low, high = format(min(values), how), format(max(values), how)
    return low if low == high else f"{low} to {high}"


def _from(curves: Sequence[Curve], baseline: str) -> str:
    steps = [one.first_below(one.baselines[baseline]) for one in curves]
    return ", ".join("never" if step is None else f"{step:,}" for step in steps)


def figure(curves: Sequence[Curve], file: Path) -> None:
    """Validation error against steps, a panel for each task, a colour for each method, a line for each seed."""
    tasks, methods = dict.fromkeys(one.task for one in curves), list(METHODS)
    chart = Figure(figsize=(5 * len(tasks), 3.6), layout="constrained")
    FigureCanvasAgg(chart)
    for axes, task in zip(chart.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
        own = [one for one in curves if one.task == task]
        for one in own:
            label = one.method if one.seed == min(other.seed for other in own) else None
            axes.plot(one.steps, one.errors, color=f"C{methods.index(one.method)}", lw=1, label=label)
        for name, line in zip(BASELINES, ("-", "--"), strict=True):
            axes.axhline(own[0].baselines[name], color="grey", ls=line, lw=1, label=name)
        unit = "MAE in HU" if task == "CT" else "MAE, relative to the target's range"
        axes.set(title=f"T1 to {task}, validation heads", xlabel="steps", ylabel=unit)
        axes.legend(fontsize=7)
    chart.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", "-o", type=Path, default=Path("unpaired"))
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seed", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the recipe, for all runs")
    parser.add_argument("--known", type=Path, help="unpaired.json of runs elsewhere, shown and not trained again")
    parser.add_argument("--done", action="store_true", help="train nothing: table and figure of what is done")
    options = parser.parse_args()
    output = options.output.absolute()
    torch.set_num_threads(1)
    write_tables(output)
    known = [Curve(**one) for one in json.loads(options.known.read_text())] if options.known else []
    curves = {one.run: one for one in known}
    for seed, task, method in product(options.seed, options.task, options.method):
        done = (folder_of(output, task, method, seed) / "scores.json").exists()
        if (task, method, seed) not in curves and (done or not options.done):
            one = curves[task, method, seed] = curve(output, task, method, seed, options.set)
            sys.stderr.write(f"{task} {method} {seed}: {one.steps[-1]} steps, {one.errors}, {one.scores}\n")
    found = [curves[run] for run in product(TASKS, METHODS, sorted({seed for *_, seed in curves})) if run in curves]
    (output / "unpaired.json").write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    (output / "unpaired.md").write_text(table(found) + "\n")
    figure(found, output / "unpaired.png")
    sys.stdout.write(table(found) + "\n")


if __name__ == "__main__":
    main()

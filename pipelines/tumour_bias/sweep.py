"""Bias sweep of Cohen, Luck and Honari 2018 on phantoms: do tumours follow their share in the training targets?

    python pipelines/tumour_bias/sweep.py -o sweep --minutes 20 --processes 2
    python pipelines/tumour_bias/sweep.py -o sweep --minutes 20 --processes 2 --arm balanced structure

Trains each method with each share of ill targets and each seed, in a run folder of its own, and takes up what was
interrupted. Writes sweep.md, sweep.csv, sweep.json and sweep.png; with --done, of the runs that are there so far.
--known names a sweep.json of another machine: its runs are shown, and not trained again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from bias_cohort import (
    GROUPS,
    METHODS,
    SEEDS,
    SHARES,
    SOURCE,
    TARGET,
    UNPAIRED,
    Head,
    Job,
    Plan,
    head_file,
    ill_heads,
    job_of,
    make_heads,
    read_head,
    read_known,
    run_of,
    table,
    to_csv,
)
from bias_figure import Example, figure
from bias_tables import rows_of, summary
from scipy import ndimage

from medtrans.auditing.bias_sweep import Calls, Reader, SweepRun
from medtrans.auditing.components import components
from medtrans.cli.exit_codes import run_script
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.segmenter import Segmenter
from medtrans.evaluating.training_baselines import TrainingBaselines, TrainingCase
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages.train import train
from medtrans.training.journal import read_journal
from medtrans.translating.translator import Translator

HERE = Path(__file__).parent
MIN_TUMOUR_MM2 = 50.0
"""A slice is called ill from this area on, that of a disc of 8 mm."""
RIM_MM = 6.0
"""Around a lesion, within which the error of a translation does not count."""
TEACHER = "TEACHER"
ARMS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "plain": dict.fromkeys(METHODS, ()),
    "balanced": dict.fromkeys(UNPAIRED, ("training.balance=tumour",)),
    "weighted": {method: ("training.lesion_weight=10",) for method in METHODS if method not in UNPAIRED},
    "structure": dict.fromkeys(UNPAIRED, ("method.structure=mind",)),
    "no_identity": {"cyclegan": ("method.identity=0",), "cut": ("method.fast=true",)},
    "segmenter": {"regression": (f"method.segmenter={TEACHER}",)},
}
"""Arm → method → what it changes of the recipe."""


def train_run(output: Path, name: str, recipe: str, cases: str, changes: Sequence[str], plan: Plan) -> Path:
    """The model folder of a run, trained or taken up. Raises MedtransError."""
    listed = output / "tables" / f"{name}.csv"
    write_atomically(listed, cases.encode(), overwrite=True)
    fixed = [f"reading.root={output / 'heads'}", f"reading.table={listed}", "reading.mask=null"]
    fixed += ["reading.validation_fraction=0", "reading.test_fraction=0", "training.device=cpu"]
    others = {"detector": plan.detector_minutes, **dict.fromkeys(UNPAIRED, plan.minutes)}
    minutes = others.get(recipe, plan.paired_minutes)
    fixed += [] if plan.quick else [f"training.minutes={minutes}"]
    settings = load_recipe(HERE / f"{recipe}.yaml", [*fixed, *changes], quick=plan.quick)
    return train(settings, output / "runs" / name).model


def train_segmenter(output: Path, group: str, plan: Plan) -> Path:
    """A detector, trained on the real targets of a group: of each head ill and healthy slices, in one volume."""
    make_heads(output, group, plan.heads, plan.spacing)
    rows = []
    for head in range(GROUPS[group], GROUPS[group] + plan.heads):
        files = {kind: output / "heads" / f"head-{head}_both_{kind}.nii.gz" for kind in (TARGET, "mask", "lesion")}
        if not files["lesion"].exists():
            ill, healthy = (read_head(output, head, one) for one in (True, False))
            empty = ill["lesion"].like(np.zeros_like(ill["lesion"].voxels))
            for kind, file in files.items():
                halves = ill[kind].voxels, healthy.get(kind, empty).voxels
                write_volume(Volume(np.concatenate(halves, axis=3), ill[kind].affine), file, overwrite=True)
        names = {role: files[kind].name for role, kind in (("source", TARGET), ("target", "lesion"), ("mask", "mask"))}
        rows.append({"subject": f"head-{head}", "name": f"head-{head}", "split": "train", **names})
    return train_run(output, group, "detector", to_csv(rows), (), plan)


def run_job(job: Job, output: Path, plan: Plan) -> SweepRun:
    """Train, and let the detector call the translations of the test heads; what was done is read."""
    file = measured_file(output, job)
    if file.exists():
        return _read_run(file)
    torch.set_num_threads(1)
    changes = [text.replace(TEACHER, str(output / "runs/teacher/model")) for text in ARMS[job.arm][job.method]]
    if job.arm == "weighted" and not job.share:
        changes = []  # There is no lesion to weigh: this is the plain run.
    model = train_run(
        output, job.name, job.method, table(output, job, plan.heads), [*changes, f"training.seed={job.seed}"], plan
    )
    run = measure(job, output, plan, load_model(model))
    steps = int(read_journal(RunFolder(output / "runs" / job.name).journal)[-1]["step"])
    run = replace(run, steps=steps)
    write_atomically(file, json.dumps(asdict(run), indent=1).encode())
    return run


def load_model(folder: Path) -> Translator:
    """It answers by the mean for a slice and its mirror image: less of what a generator invents at random."""
    return Translator.load(folder, device="cpu").with_settings(mirror="left_right")


def measured_file(output: Path, job: Job) -> Path:
    """Where the calls of a run that is done are."""
    return output / "measured" / f"{job.name}.json"


def _read_run(file: Path) -> SweepRun:
    return run_of(json.loads(read_bytes(file, 1 << 20)))


def measure(job: Job, output: Path, plan: Plan, translator: Translator) -> SweepRun:
    """Calls of the detector, the error outside of lesions, and that of the baselines."""
    detector, baselines = Segmenter(output / "runs/detector/model", "cpu"), learn_baselines(output, plan, translator)
    calls, errors, others = {True: [], False: []}, [], []
    for seed in test_heads(plan):
        lesion = read_volume(head_file(output, seed, True, "lesion"))
        for ill in (True, False):
            head = read_head(output, seed, ill)
            translated = translate(translator, head)
            calls[ill] += called(detector.of_translation(str(seed), translated).volume)
            target, inside = translator.preparation.in_written_unit(head[TARGET]), head["mask"].voxels[0] > 0
            counted = inside & ~_around(lesion)
            source = translator.preparation.normalised_source(head[SOURCE])
            guesses = baselines.volumes(target, inside, 0.0, source)
            errors.append(_error(translated, target, counted))
            others.append([_error(guesses[name], target, counted) for name in sorted(guesses)])
    found = [Calls(sum(calls[ill]), len(calls[ill])) for ill in (True, False)]
    error, baseline = float(np.mean(errors)), float(np.mean(others, axis=0).min())
    reader = read_reader(output, plan)
    return SweepRun(job.method, job.arm, job.share, job.seed, *found, reader, error, baseline)


def learn_baselines(output: Path, plan: Plan, translator: Translator) -> TrainingBaselines:
    """Lookup and mean image, from pairs of the heads of the detector."""
    preparation = translator.preparation
    cases = []
    for seed, ill in ill_heads("detector", plan.heads, 0.5, 0).items():
        head = read_head(output, seed, ill)
        source, inside = preparation.normalised_source(head[SOURCE]), head["mask"].voxels[0] > 0
        cases.append(TrainingCase(preparation.in_written_unit(head[TARGET]), inside, source))
    return TrainingBaselines(cases)


def test_heads(plan: Plan) -> range:
    return range(GROUPS["test"], GROUPS["test"] + max(plan.heads // 2, 2))


def translate(translator: Translator, head: Head) -> Volume:
    """Constant air where the model's answer is refused."""
    try:
        return translator.translate(head[SOURCE], head["mask"]).volume
    except InputRefused:
        return head[SOURCE].like(np.zeros(head[SOURCE].voxels.shape, np.float32))


def called(labels: Volume) -> list[bool]:
    """Of each slice, whether it holds a tumour of the smallest area or more."""
    mask, (i, j, k) = labels.voxels[0] > 0, labels.spacing
    areas = [components(mask[..., n : n + 1], (i, j, k)).volumes for n in range(mask.shape[2])]
    return [bool(volumes) and volumes[0] / k >= MIN_TUMOUR_MM2 for volumes in areas]


def _around(lesion: Volume) -> np.ndarray:
    distance = ndimage.distance_transform_edt(lesion.voxels[0] == 0, sampling=lesion.spacing)
    return np.asarray(distance <= RIM_MM)


def _error(image: Volume, target: Volume, counted: np.ndarray) -> float:
    """Mean absolute error relative to the 99.5th percentile of the target in the mask."""
    scale = float(np.percentile(target.voxels[0][counted], 99.5))
    return float(np.abs(image.voxels[0] - target.voxels[0])[counted].mean(dtype=np.float64)) / scale


@cache
def read_reader(output: Path, plan: Plan) -> Reader:
    """The detector on the real targets of the test heads."""
    detector, calls = Segmenter(output / "runs/detector/model", "cpu"), {True: [], False: []}
    for seed in test_heads(plan):
        for ill in (True, False):
            calls[ill] += called(detector.of_target(str(seed), read_head(output, seed, ill)[TARGET]).volume)
    return Reader(*(Calls(sum(calls[ill]), len(calls[ill])) for ill in (True, False)))


def jobs(methods: Sequence[str], arms: Sequence[str], shares: Sequence[float], seeds: Sequence[int]) -> list[Job]:
    """In the order in which an unfinished sweep tells most: the ends of the shares first, all methods of one seed."""
    by_distance = sorted(shares, key=lambda share: -abs(share - 0.5))
    return [
        Job(method, arm, share, seed)
        for seed in seeds for share in by_distance for arm in arms for method in methods if method in ARMS[arm]
    ]  # fmt: skip


def sweep(output: Path, plan: Plan, todo: Sequence[Job], processes: int = 1) -> Iterator[SweepRun]:
    """Each run as it is done. Raises MedtransError, UsageError where the folder holds a sweep of another plan."""
    output = output.absolute()
    refuse_other_plan(output, plan)
    for group, count in (("test", len(test_heads(plan))), ("source", plan.heads), ("target", plan.heads)):
        make_heads(output, group, count, plan.spacing)
    train_segmenter(output, "detector", plan)
    if any(job.arm == "segmenter" for job in todo):
        train_segmenter(output, "teacher", plan)
    work = partial(run_job, output=output, plan=plan)
    if processes == 1:
        yield from map(work, todo)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, todo)


def refuse_other_plan(output: Path, plan: Plan) -> None:
    file, wanted = output / "plan.json", json.dumps(asdict(plan)).encode()
    if not file.exists():
        write_atomically(file, wanted)
    elif read_bytes(file, 1 << 20) != wanted:
        what = f"holds a sweep with {read_bytes(file, 1 << 20).decode()}, not {wanted.decode()}"
        raise UsageError(output, what, "give the same --heads, --spacing and minutes, or another --output")


def examples(output: Path, plan: Plan, runs: Sequence[SweepRun]) -> list[Example]:
    """The middle slice of the first test head: source, target, translations at the smallest and the largest share, by
    the models that are here."""
    runs = [run for run in runs if (output / "runs" / job_of(run).name / "model").exists()]
    if not runs:
        return []
    seed, found = test_heads(plan)[0], []
    for ill in (True, False):
        head = read_head(output, seed, ill)
        found += [Example(kind, None, ill, _middle(head[kind])) for kind in (SOURCE, TARGET)]
        for method in dict.fromkeys(run.method for run in runs):
            own = [run for run in runs if run.method == method and run.seed == runs[0].seed]
            for share in sorted({run.share for run in own})[:: max(len({run.share for run in own}) - 1, 1)]:
                name = Job(method, own[0].arm, share, own[0].seed).name
                model = load_model(output / "runs" / name / "model")
                found.append(Example(method, share, ill, _middle(translate(model, head))))
    return found


def _middle(volume: Volume) -> np.ndarray:
    return volume.voxels[0, :, :, volume.shape[2] // 2].T[::-1]


def write(output: Path, plan: Plan, runs: Sequence[SweepRun]) -> str:
    """The four files; returns the table."""
    text, facts = summary(runs, asdict(plan))
    first = [run for run in runs if run.arm == runs[0].arm]
    contents = {
        "sweep.md": text.encode(),
        "sweep.json": json.dumps(facts, indent=1).encode(),
        "sweep.csv": to_csv(rows_of(runs)).encode(),
        "sweep.png": figure(first, UNPAIRED, examples(output.absolute(), plan, first)),
    }
    for name, content in contents.items():
        write_atomically(output / name, content, overwrite=True)
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", "-o", type=Path, default=Path("sweep"), help="folder of all runs and results")
    parser.add_argument("--method", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=["plain"], help="settings against hallucination")
    parser.add_argument("--share", nargs="+", type=float, default=SHARES, help="of ill heads among the targets")
    parser.add_argument("--seed", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--heads", type=int, default=60, help="of each group; three slices of each")
    parser.add_argument("--minutes", type=float, default=20, help="processor time of each training without pairs")
    parser.add_argument("--paired-minutes", type=float, default=5, help="and with pairs")
    parser.add_argument("--detector-minutes", type=float, default=20)
    parser.add_argument("--spacing", type=float, default=3.0, help="mm of a pixel")
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time, of one thread each")
    parser.add_argument("--known", type=Path, help="sweep.json of runs elsewhere, shown and not trained again")
    parser.add_argument("--done", action="store_true", help="train nothing: tables and figure of what is done")
    parser.add_argument("--quick", action="store_true", help="four steps, two heads: only to see that it runs")
    options = parser.parse_args(arguments)
    if options.quick:
        options.heads, options.share, options.seed = 2, (0.0, 1.0), (0,)
    plan = Plan(
        options.heads,
        options.minutes,
        options.paired_minutes,
        options.detector_minutes,
        options.spacing,
        options.quick,
    )
    known = read_known(options.known, plan) if options.known else {}
    runs = list(known.values())
    todo = [job for job in jobs(options.method, options.arm, options.share, options.seed) if job not in known]
    if options.done:
        todo = [job for job in todo if measured_file(options.output, job).exists()]
    if not todo and not runs:
        raise UsageError(options.output, "holds no run of these", "leave out --done, or give other methods and arms")
    torch.set_num_threads(1)
    done = sweep(options.output, plan, todo, options.processes) if todo else ()
    for number, run in enumerate(done, start=1):
        runs.append(run)
        calls = f"ill {run.ill.called}/{run.ill.count}, healthy {run.healthy.called}/{run.healthy.count}"
        error = f"error {run.error:.3f}, baseline {run.baseline:.3f}"
        sys.stderr.write(f"{number}/{len(todo)} {todo[number - 1].name}: {run.steps} steps, {calls}, {error}\n")
    sys.stdout.write(write(options.output, plan, runs))


if __name__ == "__main__":
    run_script(main)

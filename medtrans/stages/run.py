"""The verbs, one function each: check, train, translate, evaluate, run. The command line says the same words.

A run folder holds recipe.yaml (resolved), preparation.json, cache/, checkpoints/, journal.csv, model/,
translations/, scores.csv, scores.json and report.html; every stage takes up what is there and belongs to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.batching.plan import Inputs
from medtrans.batching.sidecar import DESCRIPTION
from medtrans.batching.translate_files import Outcome, translate_files
from medtrans.catalogue import recipes
from medtrans.core.errors import UsageError
from medtrans.core.settings import did_you_mean
from medtrans.evaluating.folders import evaluate_paths, matched, sources
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.evaluating.presets import PRESETS
from medtrans.evaluating.results import Evaluation, to_csv
from medtrans.evaluating.scoring import definition
from medtrans.evaluating.segmentation.segmenter import of_settings
from medtrans.evaluating.segmentation.structures import is_single_class
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.evaluating.statistics.summary import summarise
from medtrans.phantoms import skulls
from medtrans.phantoms.anatomy import Lesion
from medtrans.phantoms.cohort import write_cohort, write_head
from medtrans.phantoms.label_maps import from_label_map
from medtrans.preparing.preparation import assert_known_conditions
from medtrans.reading.checks import Finding, check_volume
from medtrans.reading.files import (
    READS,
    is_volume,
    read_volume,
    stem,
    volumes_in,
    write_atomically,
    write_volume,
)
from medtrans.recipe import Recipe, load_recipe, with_measures
from medtrans.stages._judging import Judgement, judge, write_evaluation, write_judgement
from medtrans.stages.train import ProgressCallback, Trained, cases_of, findings, no_progress, train
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.sampling import load_sampler
from medtrans.translating.sampling import sample as make_samples
from medtrans.translating.translator import Translator


def find_recipe(name: str) -> Path:
    """The file of a recipe given by its path or by the name of a pipeline. Raises UsageError."""
    known = recipes()
    for path in (Path(name), Path(name) / "recipe.yaml", known.get(name)):
        if path is not None and path.is_file():
            return path
    raise UsageError(name, "is neither a recipe file nor a pipeline", did_you_mean(name, known))


def check(what: str, changes: Sequence[str] = ()) -> list[Finding]:
    """What is wrong with a volume, a folder of volumes, or the cases of a recipe. Writes nothing."""
    path = Path(what)
    if path.is_dir() and not (path / "recipe.yaml").exists():
        found = volumes_in(path, deep=True)
        if not found:
            raise UsageError(path, "holds no volume", READS)
        return [finding for file in found for finding in check_volume(file)]
    if is_volume(path):
        return check_volume(path)
    if path.is_file() and path.suffix not in (".yaml", ".yml"):
        raise UsageError(path, "is neither a volume nor a recipe", READS)
    recipe = load_recipe(find_recipe(what), changes)
    return findings(recipe, cases_of(recipe))


def findings_as_text(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing to object to"
    return "\n".join(f"{f.severity:6} {f.where}: {f.what}" + (f"; {f.advice}" if f.advice else "") for f in findings)


def translate(
    source: Inputs,
    output: Path,
    model: Path | Sequence[Path],
    *,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    known: Mapping[str, float] | None = None,
    changes: Mapping[str, Any] | None = None,
    say: ProgressCallback = no_progress,
) -> list[Outcome]:
    """Translate a file to a file or a folder to a folder with a saved model, or with the mean of several; files in a
    list within a list are the channels of one case.

    `known` are conditions the models are told; `changes` replace translating settings saved with them (seed, samples).
    """
    folders = [model] if isinstance(model, Path) else model
    members = [Translator.load(folder, device=device) for folder in folders]
    for member in members:
        member.settings = replace(member.settings, **(changes or {}))
    assert_known_conditions(known or {}, [member.preparation for member in members])
    translator = members[0] if len(members) == 1 else Ensemble(members)
    asked: dict[str, Any] = {"overwrite": overwrite, "resume": resume, "part": part, "known": known}
    return translate_files(source, output, translator, **asked, on_progress=_counted(say))


def evaluate(
    translated: Path,
    target: Path,
    mask: Path | None,
    preset: str,
    output: Path | None = None,
    *,
    also: Sequence[MetricSpec] = (),
    spread: Path | None = None,
    downstream: SegmentationTask | None = None,
    report: Path | None = None,
    source: Path | None = None,
) -> Evaluation:
    """Score files or folders matched by name; `output` also gets the scores as CSV, the folder `report` a page.

    `also` names metrics besides the preset's, `spread` the standard deviations the translations came with, `source`
    what they were made of: a control, where it is an image of the target's kind, and shown on the page.
    """
    if preset not in PRESETS:
        raise UsageError("--preset", f"nothing is named {preset!r}", did_you_mean(preset, PRESETS))
    asked = with_measures(EvaluatingSettings.from_dict({"preset": preset, "also": list(also)}), "--also")
    paths, _ = matched(translated, target, mask)
    seen = sources(source, paths) if source is not None else None
    besides: dict[str, Any] = {"also": asked.also, "spread": spread, "source": source, "downstream": downstream}
    evaluation = evaluate_paths(translated, target, mask, preset, **besides)
    if output is not None:
        write_atomically(output, to_csv(evaluation))
        if evaluation.structures:
            beside = output.with_name(f"{output.stem}_downstream.csv")
            write_atomically(beside, structures_to_csv(evaluation.structures))
    if report is not None:
        title = f"{translated.name} beside {target.name}"
        write_evaluation(report, evaluation, paths, title, sources=seen, downstream=downstream)
    return evaluation


def sample(
    output: Path,
    model: Path,
    count: int,
    *,
    seed: int = 0,
    known: Mapping[str, float] | None = None,
    device: str = "auto",
    say: ProgressCallback = no_progress,
) -> list[Path]:
    """Images out of noise in the folder `output`: sample-000.nii.gz … Raises ModelRefused, UsageError."""
    method, preparation = load_sampler(model)
    paths = [output / f"sample-{number:03}.nii.gz" for number in range(count)]
    there = [path for path in paths if path.exists()]
    if there:
        raise UsageError(there[0], "is there already", "give another folder")
    assert_known_conditions(known or {}, [preparation])
    volumes = make_samples(method, preparation, count, seed=seed, known=known, device=device)
    for number, (path, volume) in enumerate(zip(paths, volumes, strict=True)):
        output.mkdir(parents=True, exist_ok=True)
        write_volume(volume, path, description=DESCRIPTION)
        say("sampling", path.name, (number + 1) / count)
    return paths


SAMPLES = 16
"""Images that a run makes with a method that only samples."""


@dataclass(frozen=True)
class RunResult:
    """Where everything is, and the first things one wants to know."""

    folder: Path
    report: Path
    verdict: str
    scores: dict[str, dict[str, float]]
    """who → metric → mean over the test cases."""
    failed: dict[str, str]
    """Case → why it was not assessed."""
    resumed: str = ""
    """What an earlier command had done."""

    def to_dict(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()}

    def to_text(self) -> str:
        lines = []
        if self.scores:
            metrics = [metric for metric in next(iter(self.scores.values())) if not is_single_class(metric)]
            width = max(len(system) for system in self.scores)
            wide = {metric: max(len(metric), 8) for metric in metrics}
            lines.append(f"{'':{width}}  " + "  ".join(f"{metric:>{wide[metric]}}" for metric in metrics))
            for system, values in self.scores.items():
                shown = {metric: f"{value:.3f}" for metric, value in values.items()}
                cells = (f"{shown.get(metric, ''):>{wide[metric]}}" for metric in metrics)
                lines.append((f"{system:{width}}  " + "  ".join(cells)).rstrip())
        lines += [self.verdict, *(f"not assessed: {name}: {why}" for name, why in self.failed.items())]
        lines += [f"resumed: {self.resumed}"] if self.resumed else []
        return "\n".join([*lines, f"model:  {self.folder / 'model'}", f"report: {self.report}"])


def run(recipe: Recipe, folder: Path, *, say: ProgressCallback = no_progress) -> RunResult | None:
    """Walk all stages of a recipe in `folder`; None in the processes of a parallel training that are not the first."""
    began = time.monotonic()
    downstream = of_settings(recipe.evaluating, recipe.training.device)
    trained = train(recipe, folder, say=say)
    if not trained.main:
        return None
    cases = cases_of(recipe)
    chosen = [case for case in cases if case.split == "test" and case.sources]
    if not trained.translates:
        return _sampled(recipe, folder, trained, say)
    translator = Translator.load(trained.model, device=recipe.training.device, settings=recipe.translating)
    outcomes = translate_files(
        [case.sources for case in chosen],
        folder / "translations",
        translator,
        names=[case.name for case in chosen],
        known=[case.condition for case in chosen],
        resume=True,
        overwrite=True,
        on_progress=_counted(say),
    )
    made = {case.name: done.output for case, done in zip(chosen, outcomes, strict=True) if done.output}
    failed = {case.name: done.message for case, done in zip(chosen, outcomes, strict=True) if not done.output}
    say("evaluating", f"{len(made)} cases", 0.0)
    judgement = judge(recipe, cases, made, failed, translator.preparation, downstream)
    facts = {
        "model sha256": translator.identity.sha256,
        "device": str(translator.device),
        "seed": recipe.training.seed,
        "training": f"{trained.journal.rows[-1]['seconds'] / 60:.1f} minutes by the {recipe.training.clock} clock",
        "this command": f"{(time.monotonic() - began) / 60:.1f} minutes",
    }
    report = write_judgement(folder, recipe, judgement, trained.journal.rows, trained.verdict, facts)
    say("evaluating", f"{len(made)} cases", 1.0)
    table: dict[str, dict[str, float]] = {}
    for line in summarise(judgement.evaluation.scores):
        table.setdefault(line.system, {})[line.metric] = line.mean
    refused, resumed = dict(judgement.evaluation.refused), _resumed(trained, outcomes)
    return RunResult(folder, report, trained.verdict, table, refused, resumed)


def _resumed(trained: Trained, outcomes: Sequence[Outcome]) -> str:
    there = sum(outcome.verdict == "skipped" for outcome in outcomes)
    translations = f"{there} of {len(outcomes)} translations were there" if there else ""
    return "; ".join(part for part in (trained.resumed, translations) if part)


def _sampled(recipe: Recipe, folder: Path, trained: Trained, say: ProgressCallback) -> RunResult:
    """The end of a run whose method only samples: images in `folder`/samples, and the losses on the page."""
    if not (folder / "samples").exists():
        case = cases_of(recipe)[0].condition
        known = {name: case[name] for name in recipe.preparing.conditions}
        sample(folder / "samples", trained.model, SAMPLES, known=known, device=recipe.training.device, say=say)
    nothing = Judgement(Evaluation(definition(recipe.evaluating.preset), []), ())
    facts = {"seed": recipe.training.seed}
    report = write_judgement(folder, recipe, nothing, trained.journal.rows, trained.verdict, facts)
    return RunResult(folder, report, trained.verdict, {}, {}, trained.resumed)


def make_phantoms(
    output: Path,
    count: int,
    contrasts: Sequence[str],
    spacing: float | None = None,
    labels: Path | None = None,
    *,
    lesions: Sequence[Lesion] = (),
    randomised: bool = False,
    seed: int = 0,
) -> list[Path]:
    """A cohort of synthetic heads in `output`: made anatomy, or `count` paintings of the label maps in `labels`.

    Anatomy is made with voxels of `spacing` mm (2 if not given), and with lesions; label maps have their own.
    """
    if labels is None:
        spacing = spacing or 2.0
        side = [round(mm / spacing / 8) * 8 for mm in (192, 216, 192)]
        shape = (side[0], side[1], side[2])
        seeds = range(seed, seed + count)
        return write_cohort(
            output, seeds, contrasts, shape=shape, spacing=spacing, lesions=lesions, randomised=randomised
        )
    if spacing or lesions:
        what = "have voxels and lesions of their own"
        raise UsageError(labels, what, "leave --spacing and --lesion out, or --labels")
    maps = [labels] if labels.is_file() else volumes_in(labels)
    if not maps:
        raise UsageError(labels, "holds no label map", "give a label map, or a folder of them")
    files = []
    for number in range(seed, seed + count):
        file = maps[number % len(maps)]
        dice = np.random.default_rng([number, 1])
        head = from_label_map(read_volume(file), dice, skull=skulls.draw(dice) if randomised else None)
        name = f"{stem(file).replace('_', '-')}_{number:03}"
        files += write_head(output, name, head, contrasts, seed=number, randomised=randomised)
    return files


def _counted(say: ProgressCallback) -> Callable[[str, float], None]:
    return lambda name, done: say("translating", name, done)

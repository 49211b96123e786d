"""The verbs, one function each: check, train, translate, evaluate, run. The command line says the same words.

A run folder holds recipe.yaml (resolved), preparation.json, cache/, checkpoints/, journal.csv, model/,
translations/, scores.csv, scores.json and report.html; every stage takes up what is there and belongs to it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

import numpy as np
import torch

from medtrans import methods, metrics
from medtrans.core.case import Case, Split
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.method import Batch, Method
from medtrans.core.settings import did_you_mean
from medtrans.evaluating.folders import Evaluation, evaluate_paths, to_csv
from medtrans.evaluating.presets import PRESETS
from medtrans.evaluating.summary import summarise
from medtrans.finding import pipelines_folder
from medtrans.judging import judge, judged_pair, write_judgement
from medtrans.phantoms.cohort import write_cohort, write_head
from medtrans.phantoms.label_maps import from_label_map
from medtrans.preparing.batches import Draws, loader, paired_draws, unpaired_draws
from medtrans.preparing.cache import Stored, cached
from medtrans.preparing.preparation import Preparation
from medtrans.reading.checks import Finding, check_cases, check_volume
from medtrans.reading.cohort import find_cases, load_pair
from medtrans.reading.files import VOLUME_SUFFIXES, is_volume, read_bytes, read_volume, stem, write_atomically
from medtrans.recipe import Recipe, load_recipe
from medtrans.training.journal import Journal, verdict
from medtrans.training.loop import Progress
from medtrans.training.loop import train as train_method
from medtrans.training.processes import launch
from medtrans.training.validation import Validation
from medtrans.translating.batch import Outcome, translate_files
from medtrans.translating.model import save_model
from medtrans.translating.translator import Translator


class Say(Protocol):
    """Told what is going on: `done` from 0 to 1 and `left` in seconds, where known."""

    def __call__(self, stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None: ...


def silent(stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Trained:
    """A trained model, and one sentence on whether it converged."""

    model: Path
    verdict: str
    journal: Journal
    main: bool
    """Whether this is the process that goes on; the others of a parallel training are done here."""


def find_recipe(name: str) -> Path:
    """The file of a recipe given by its path or by the name of a pipeline. Raises UsageError."""
    for path in (Path(name), Path(name) / "recipe.yaml", pipelines_folder() / name / "recipe.yaml"):
        if path.is_file():
            return path
    known = [folder.name for folder in pipelines_folder().glob("*") if (folder / "recipe.yaml").exists()]
    raise UsageError(name, "is neither a recipe file nor a pipeline", did_you_mean(name, known))


def check(what: str, changes: Sequence[str] = ()) -> list[Finding]:
    """What is wrong with a volume, a folder of volumes, or the cases of a recipe. Writes nothing."""
    path = Path(what)
    if path.is_dir() and not (path / "recipe.yaml").exists():
        found = sorted(file for file in path.rglob("*") if file.name.endswith(VOLUME_SUFFIXES))
        if not found:
            raise UsageError(path, "holds no volume", "medtrans reads " + ", ".join(VOLUME_SUFFIXES))
        return [finding for file in found for finding in check_volume(file)]
    if path.name.endswith(VOLUME_SUFFIXES):
        return check_volume(path)
    recipe = load_recipe(find_recipe(what), changes)
    return check_cases(_cases(recipe))


def findings_as_text(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing to object to"
    return "\n".join(f"{f.severity:6} {f.where}: {f.what}" + (f"; {f.advice}" if f.advice else "") for f in findings)


def train(recipe: Recipe, folder: Path, *, say: Say = silent) -> Trained:
    """Train the recipe's model in `folder`, going on where an interrupted training stopped."""
    fabric, settings = launch(recipe.training), recipe.training
    cases = _cases(recipe)
    say = say if fabric.is_global_zero else silent
    if fabric.is_global_zero:
        _begin(recipe, folder)
        _refuse(check_cases(cases))
        _sides(cases, _preparation(recipe, cases, folder), folder, say)
    fabric.barrier()
    preparation = _preparation(recipe, cases, folder)
    sources, targets = _sides(cases, preparation, folder, silent)
    torch.manual_seed(settings.seed)
    task = preparation.task(len(sources[0].voxels), len(targets[0].voxels))
    method = methods.load(recipe.method)(task, recipe.method_settings)
    draws = _draws(method, sources, targets, preparation, settings.seed)

    def batches(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
        place = {"first_step": first, "last_step": last, "rank": rank, "world": world}
        return loader(draws, batch=settings.batch, workers=settings.workers, **place)

    def shown(now: Progress) -> None:
        terms = "  ".join(f"{name.partition('/')[2]} {value:.3g}" for name, value in now.terms.items())
        say("training", f"step {now.step}/{now.steps}  {terms}", now.step / now.steps, now.seconds_left)

    better = metrics.load(settings.best).better
    journal = train_method(
        method,
        batches,
        settings,
        folder,
        fabric,
        validate=_validation(recipe, cases, preparation),
        better=better,
        keep=lambda kept: save_model(
            folder / "model", kept, preparation, _card(recipe, cases), translating=recipe.translating
        ),
        on_progress=shown,
    )
    said = verdict(journal.rows, f"validation/{settings.best}", better)
    say("training", said, 1.0)
    return Trained(folder / "model", said, journal, fabric.is_global_zero)


def translate(
    source: Path,
    output: Path,
    model: Path,
    *,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    say: Say = silent,
) -> list[Outcome]:
    """Translate a file to a file or a folder to a folder with a saved model."""
    translator = Translator.load(model, device=device)
    return translate_files(
        source, output, translator, overwrite=overwrite, resume=resume, part=part, on_progress=_counted(say)
    )


def evaluate(translated: Path, target: Path, mask: Path | None, preset: str, output: Path | None = None) -> Evaluation:
    """Score files or folders matched by name; `output` also gets the scores as CSV."""
    if preset not in PRESETS:
        raise UsageError("--preset", f"nothing is named {preset!r}", did_you_mean(preset, PRESETS))
    evaluation = evaluate_paths(translated, target, mask, preset)
    if output is not None:
        write_atomically(output, to_csv(evaluation))
    return evaluation


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

    def to_dict(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()}

    def to_text(self) -> str:
        lines = []
        if self.scores:
            metrics = list(next(iter(self.scores.values())))
            width = max(len(who) for who in self.scores)
            lines.append(f"{'':{width}}  " + "  ".join(f"{metric:>8}" for metric in metrics))
            for who, values in self.scores.items():
                lines.append(f"{who:{width}}  " + "  ".join(f"{values.get(m, float('nan')):8.3f}" for m in metrics))
        failed = [f"not assessed: {name}: {why}" for name, why in self.failed.items()]
        return "\n".join([*lines, self.verdict, *failed, f"model:  {self.folder / 'model'}", f"report: {self.report}"])


def run(recipe: Recipe, folder: Path, *, say: Say = silent) -> RunResult | None:
    """Walk all stages of a recipe in `folder`; None in the processes of a parallel training that are not the first."""
    began = time.monotonic()
    trained = train(recipe, folder, say=say)
    if not trained.main:
        return None
    cases = _cases(recipe)
    chosen = [case for case in cases if case.split == "test" and case.sources]
    translator = Translator.load(trained.model, device=recipe.training.device, settings=recipe.translating)
    outcomes = translate_files(
        [case.sources for case in chosen],
        folder / "translations",
        translator,
        names=[case.name for case in chosen],
        resume=True,
        overwrite=True,
        on_progress=_counted(say),
    )
    made = {case.name: done.output for case, done in zip(chosen, outcomes, strict=True) if done.output}
    failed = {case.name: done.message for case, done in zip(chosen, outcomes, strict=True) if not done.output}
    say("evaluating", f"{len(made)} cases", 0.0)
    judgement = judge(recipe, cases, made, failed, translator.preparation)
    facts = {
        "model sha256": translator.identity.sha256,
        "device": str(translator.device),
        "seed": recipe.training.seed,
        "training": f"{trained.journal.rows[-1]['seconds'] / 60:.1f} minutes",
        "this command": f"{(time.monotonic() - began) / 60:.1f} minutes",
    }
    report = write_judgement(folder, recipe, judgement, trained.journal.rows, trained.verdict, facts)
    say("evaluating", f"{len(made)} cases", 1.0)
    table: dict[str, dict[str, float]] = {}
    for line in summarise(judgement.evaluation.scores):
        table.setdefault(line.who, {})[line.metric] = line.mean
    return RunResult(folder, report, trained.verdict, table, dict(judgement.evaluation.refused))


def make_phantoms(
    output: Path, count: int, contrasts: Sequence[str], spacing: float, labels: Path | None, randomised: bool, seed: int
) -> list[Path]:
    """A cohort of synthetic heads in `output`: made anatomy, or `count` paintings of the label maps in `labels`."""
    if labels is None:
        side = [round(mm / spacing / 8) * 8 for mm in (192, 216, 192)]
        shape = (side[0], side[1], side[2])
        seeds = range(seed, seed + count)
        return write_cohort(output, seeds, contrasts, shape=shape, spacing=spacing, randomised=randomised)
    maps = sorted(file for file in ([labels] if labels.is_file() else labels.iterdir()) if is_volume(file))
    if not maps:
        raise UsageError(labels, "holds no label map", "give a label map, or a folder of them")
    files = []
    for number in range(seed, seed + count):
        file = maps[number % len(maps)]
        head = from_label_map(read_volume(file), np.random.default_rng([number, 1]))
        name = f"{stem(file).replace('_', '-')}_{number:03}"
        files += write_head(output, name, head, contrasts, seed=number, randomised=randomised)
    return files


def _begin(recipe: Recipe, folder: Path) -> None:
    """Write the resolved recipe, or refuse a folder that holds another run."""
    file, text = folder / "recipe.yaml", recipe.to_yaml()
    if file.exists() and read_bytes(file, 1 << 20).decode() != text:
        raise UsageError(folder, "holds a run of another recipe", "give another --folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        write_atomically(file, text.encode())


def _cases(recipe: Recipe) -> list[Case]:
    return find_cases(recipe.reading, pairing=methods.load(recipe.method).pairing)


def _refuse(findings: Sequence[Finding]) -> None:
    bad = [finding for finding in findings if finding.severity == "refuse"]
    if bad:
        more = f" (and {len(bad) - 1} more: see `medtrans check`)" if len(bad) > 1 else ""
        raise InputRefused(bad[0].where, bad[0].what + more, bad[0].advice)


def _preparation(recipe: Recipe, cases: Sequence[Case], folder: Path) -> Preparation:
    """The fitted preparation: from the folder if it is there, else learned from the training cases."""
    file = folder / "preparation.json"
    if file.exists():
        return Preparation.from_dict(json.loads(read_bytes(file, 1 << 24)))
    pairs = (load_pair(case) for case in cases if case.split == "train")
    fitted = Preparation(recipe.preparing).fit(pairs)
    write_atomically(file, json.dumps(fitted.to_dict(), indent=1).encode())
    return fitted


def _validation(recipe: Recipe, cases: Sequence[Case], preparation: Preparation) -> Validation | None:
    """Whole validation cases, their targets in the model's unit; None where no case has both sides."""
    chosen = [case for case in cases if case.split == "validation" and case.sources and case.targets]
    pairs = [judged_pair(case, recipe, preparation) for case in chosen]
    asked = recipe.evaluating.preset, recipe.training.device
    return Validation(pairs, preparation, recipe.translating, *asked) if pairs else None


def _sides(
    cases: Sequence[Case], preparation: Preparation, folder: Path, say: Say
) -> tuple[list[Stored], list[Stored]]:
    """Prepared sources and targets of the training cases, from the run's cache where they are there."""
    learners = [case for case in cases if case.split == "train"]
    found = cached(
        learners, preparation, folder / "cache", on_progress=lambda done: say("preparing", f"{len(cases)} cases", done)
    )
    sources, targets = ([pair[role] for pair in found] for role in (0, 1))
    kept = [side for side in sources if side], [side for side in targets if side]
    if not all(kept):
        raise UsageError("reading", "no training case is left", "hold out fewer, or lower reading.validation and test")
    return kept


def _draws(method: Method, sources: list[Stored], targets: list[Stored], preparation: Preparation, seed: int) -> Draws:
    if method.pairing == "paired":
        pairs = list(zip(sources, targets, strict=True))
        return paired_draws(pairs, preparation.settings, seed=seed, divisor=method.divisor)
    return unpaired_draws(sources, targets, preparation.settings, seed=seed, divisor=method.divisor)


def _card(recipe: Recipe, cases: Sequence[Case]) -> dict[str, Any]:
    """What the model card says of the training."""
    splits = {split: sorted({case.subject for case in cases if case.split == split}) for split in get_args(Split)}
    return {
        "name": recipe.name,
        "about": recipe.about,
        "source": str(recipe.reading.source),
        "target": str(recipe.reading.target),
        "data": {
            "training cases": sum(case.split == "train" for case in cases),
            "training subjects": len(splits["train"]),
            "validation subjects": len(splits["validation"]),
        },
        "seed": recipe.training.seed,
        "recipe_sha256": hashlib.sha256(recipe.to_yaml().encode()).hexdigest(),
    }


def _counted(say: Say) -> Callable[[str, float], None]:
    return lambda name, done: say("translating", name, done)

"""From the cases of a recipe to a trained model: what `medtrans train` does, and `run` does first.

The run folder gets recipe.yaml (resolved), preparation.json, cache/, checkpoints/, journal.csv (with
`training.tensorboard` also tensorboard/) and model/; each is taken up where it is there and belongs to the recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, get_args

import torch

from medtrans import methods
from medtrans.core.case import Case, Split
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.method import Batch, Method, Translates
from medtrans.evaluating.metric_specs import measures
from medtrans.evaluating.presets import find_preset
from medtrans.models.folder import load_model, save_model
from medtrans.preparing.batches import PatchDataset, loader, paired_patches, unpaired_patches
from medtrans.preparing.cache import Stored, cached
from medtrans.preparing.normalisation import Normaliser
from medtrans.preparing.preparation import Preparation, PreparingSettings
from medtrans.reading.checks import Finding, check_cases, check_masks
from medtrans.reading.cohort import find_cases, load_pair, unmatched_files
from medtrans.reading.files import read_bytes, write_atomically
from medtrans.recipe import Recipe
from medtrans.stages._judging import judged_pair
from medtrans.training.journal import Journal, verdict
from medtrans.training.loop import Progress
from medtrans.training.loop import train as train_method
from medtrans.training.processes import launch
from medtrans.training.tensorboard import refuse_without_tensorboard
from medtrans.training.validation import Validation

UNJUDGED = "Convergence is not assessable: images out of noise have no target to be compared with."


class ProgressCallback(Protocol):
    """Told what is going on: `done` from 0 to 1 and `left` in seconds, where known."""

    def __call__(self, stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None: ...


def no_progress(stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Trained:
    """A trained model, and one sentence on whether it converged."""

    model: Path
    verdict: str
    journal: Journal
    translates: bool
    """Whether the method answers sources; one that only samples has nothing to be translated."""
    main: bool
    """Whether this is the process that goes on; the others of a parallel training are done here."""

    @property
    def resumed(self) -> str:
        """What an earlier command had done; empty for a new training."""
        return f"training was at step {self.journal.taken_up}" if self.journal.taken_up else ""


def train(recipe: Recipe, folder: Path, *, say: ProgressCallback = no_progress) -> Trained:
    """Train the recipe's model in `folder`, going on where an interrupted training stopped."""
    kind = methods.load(recipe.method)
    if recipe.preparing.conditions and not kind.told:
        raise UsageError("preparing.conditions", f"{recipe.method} makes no use of them", "leave them out")
    if recipe.training.tensorboard:
        refuse_without_tensorboard()
    others = {name: _trained(path, recipe.preparing) for name, path in kind.needs(recipe.method_settings).items()}
    fabric, settings = launch(recipe.training), recipe.training
    cases = cases_of(recipe)
    say = say if fabric.is_global_zero else no_progress
    if fabric.is_global_zero:
        _begin(recipe, folder)
        _refuse(findings(recipe, cases))
        _sides(cases, _preparation(recipe, cases, folder), folder, say)
    fabric.barrier()
    preparation = _preparation(recipe, cases, folder)
    sources, targets = _sides(cases, preparation, folder, no_progress)
    torch.manual_seed(settings.seed)
    task = preparation.task(len(sources[0].voxels), len(targets[0].voxels))
    method = kind(task, recipe.method_settings)
    for name, other in others.items():
        method.attach_frozen(name, other)
    draws = _draws(method, sources, targets, preparation, settings.seed, _conditions(cases, preparation))

    def batches(first: int, last: int, rank: int, world: int) -> Iterator[Batch]:
        place = {"first_step": first, "last_step": last, "rank": rank, "world": world}
        return loader(draws, batch=settings.batch, workers=settings.workers, **place)

    def shown(now: Progress) -> None:
        terms = "  ".join(f"{name.partition('/')[2]} {value:.3g}" for name, value in now.terms.items())
        say("training", f"step {now.step}/{now.steps}  {terms}", now.step / now.steps, now.seconds_left)

    direction = recipe.best.metric.direction
    journal = train_method(
        method,
        batches,
        settings,
        folder,
        fabric,
        validate=_validation(recipe, cases, preparation) if isinstance(method, Translates) else None,
        direction=direction,
        keep=lambda kept, scores: save_model(
            folder / "model", kept, preparation, _card(recipe, cases, scores), translating=recipe.translating
        ),
        on_progress=shown,
    )
    translates = isinstance(method, Translates)
    said = verdict(journal.rows, f"validation/{settings.best}", direction) if translates else UNJUDGED
    say("training", said, 1.0)
    return Trained(folder / "model", said, journal, translates, fabric.is_global_zero)


def _begin(recipe: Recipe, folder: Path) -> None:
    """Write the resolved recipe, or refuse a folder that holds another run."""
    file, text = folder / "recipe.yaml", recipe.to_yaml()
    if file.exists() and read_bytes(file, 1 << 20).decode() != text:
        raise UsageError(folder, "holds a run of another recipe", "give another --folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        write_atomically(file, text.encode())


def cases_of(recipe: Recipe) -> list[Case]:
    return find_cases(recipe.reading, pairing=methods.load(recipe.method).pairing)


def findings(recipe: Recipe, cases: Sequence[Case]) -> list[Finding]:
    """What is wrong with the cases, and with their masks for what the recipe asks; and which files make no case."""
    scores = hasattr(methods.load(recipe.method), "translate")
    within = scores and recipe.evaluating.within == "mask"
    what, advice = "belongs to no case: its source or target is missing", "add it, or mind that the file is not used"
    lone = unmatched_files(recipe.reading, pairing=methods.load(recipe.method).pairing)
    unused = [Finding(str(path), "warn", what, advice) for path in lone]
    return [*check_cases(cases), *check_masks(cases, scored_within=within), *unused]


def _refuse(found: Sequence[Finding]) -> None:
    bad = [finding for finding in found if finding.severity == "refuse"]
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
    # Of what is asked for besides only the measure that chooses: others may take longer than the training.
    preset = find_preset(recipe.evaluating.preset)
    also = [one for one in recipe.evaluating.also if measures(preset, [one])[-1].label == recipe.training.best]
    return Validation(pairs, preparation, recipe.translating, *asked, also=also) if pairs else None


def _sides(
    cases: Sequence[Case], preparation: Preparation, folder: Path, say: ProgressCallback
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


def _conditions(cases: Sequence[Case], preparation: Preparation) -> list[tuple[float, ...]]:
    """Of the training cases that have a source, in their order."""
    learners = [case for case in cases if case.split == "train" and case.sources]
    return [preparation.condition(case.condition, case.name) for case in learners]


def _draws(
    method: Method,
    sources: list[Stored],
    targets: list[Stored],
    preparation: Preparation,
    seed: int,
    conditions: list[tuple[float, ...]],
) -> PatchDataset:
    asked: dict[str, Any] = {"seed": seed, "divisor": method.divisor, "conditions": conditions}
    if method.pairing == "unpaired":
        return unpaired_patches(sources, targets, preparation.settings, **asked)
    return paired_patches(list(zip(sources, targets, strict=True)), preparation.settings, **asked)


def _trained(folder: Path, preparing: PreparingSettings) -> Method:
    """A trained method to build on. Raises ModelRefused; UsageError where it saw images on another scale."""
    method, other, _ = load_model(folder)
    theirs, ours = _scale(other.settings.source), _scale(preparing.target)
    if theirs != ours:
        raise UsageError(folder, f"learned from images normalised by {theirs}, targets here are by {ours}", "use one")
    return method


def _scale(intensities: Normaliser) -> dict[str, Any]:
    """Its settings, without what it learned."""
    return {key: value for key, value in intensities.to_dict().items() if key not in ("typical", "standard")}


def _card(recipe: Recipe, cases: Sequence[Case], scores: Mapping[str, float]) -> dict[str, Any]:
    """What the model card says of the training. `scores` are means over the validation cases."""
    asked = recipe.evaluating
    within = f"preset {asked.preset}, within: {asked.within}; the subjects that chose this model, so no test"
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
        **({"scores": {**scores, "mean over the validation cases": within}} if scores else {}),
        "seed": recipe.training.seed,
        "recipe_sha256": hashlib.sha256(recipe.to_yaml().encode()).hexdigest(),
    }

"""Training of a run: length, optimiser, schedule, averaging, validation, convergence, device and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.core.score import MetricId
from medtrans.evaluating.columns import count_text, metric_label
from medtrans.reporting.curves import best_step
from medtrans.reporting.paragraphs.words import minutes
from medtrans.reporting.run_record import RunRecord

OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSProp"}
CLOCKS = {"wall": "wall", "cpu": "CPU"}
PRECISIONS = {"32-true": "32-bit", "bf16-mixed": "mixed bfloat16", "16-mixed": "mixed 16-bit"}
"""training.precision → in words."""
SCHEDULES = {
    "constant": "kept constant",
    "linear": "constant for the first half and then linear to zero",
    "cosine": "falling to zero as a cosine",
}


def training_sentences(run: RunRecord) -> list[str]:
    """What is off is not mentioned; steps and time are those of the journal."""
    training, steps = run.settings["training"], _steps(run)
    return [
        _length(training, run, steps),
        _optimiser(training, steps),
        *([f"Gradient norms were clipped to {training['clip']:g}."] if training.get("clip") else []),
        *_sampling(training),
        *_averaging(training, steps),
        *_selection(run),
        f"The random seed was {training['seed']}.",
        *_machine(run.card.get("training") or {}),
    ]


def _steps(run: RunRecord) -> int:
    return int(run.journal[-1]["step"]) if run.journal else int(run.settings["training"]["steps"])


def _length(training: Mapping[str, Any], run: RunRecord, steps: int) -> str:
    clock = CLOCKS[training["clock"]]
    limit = f", the limit of {training['minutes']:g} min of {clock} time" if training.get("minutes") else ""
    early = f" of at most {training['steps']:,}{limit}" if steps < training["steps"] else ""
    seconds = run.journal[-1].get("seconds") if run.journal else None
    taken = f" ({minutes(seconds)} of {clock} time)" if seconds is not None else ""
    batches = training.get("accumulate_grad_batches", 1)
    gathered = f" and gradients accumulated over {batches} batches" if batches > 1 else ""
    batch = f"a batch size of {training['batch']}{gathered}"
    return f"The model was trained for {count_text(steps, 'optimiser step')}{early}{taken}, with {batch}."


def _optimiser(training: Mapping[str, Any], steps: int) -> str:
    """Optimiser, learning rate and its schedule, of which a training that ends in the warm-up has none."""
    name = training["optimizer"]
    moments = ("decay {1:g}" if name == "rmsprop" else "β₁ = {:g}, β₂ = {:g}").format(*training["betas"])
    decay = f", weight decay {training['weight_decay']:g}" if training["weight_decay"] else ""
    optimiser = f"The optimiser was {OPTIMISERS.get(name, name)} ({moments}{decay})"
    peak, rising = training["learning_rate"], training.get("warm_up", 0)
    if steps <= rising:
        return f"{optimiser} with a learning rate that rose linearly to {peak * steps / rising:g}."
    warm_up = f", after {rising} steps of linear warm-up" if rising > 1 else ""
    return f"{optimiser} with a learning rate of {peak:g}, {SCHEDULES[training['schedule']]}{warm_up}."


def _sampling(training: Mapping[str, Any]) -> list[str]:
    """What is drawn, or weighed, more often than it occurs."""
    balance, weight = training.get("balance"), training.get("lesion_weight", 1)
    drawn = f"Training items were drawn with equal frequency from the classes of the column {balance!r} of the table"
    shared = "of those that both sources and targets have"
    weighed = f"Voxels of lesions had {weight:g} times the weight of others in voxel-wise losses."
    return [*([f"{drawn}, {shared}."] if balance else []), *([weighed] if weight != 1 else [])]


def _averaging(training: Mapping[str, Any], steps: int) -> list[str]:
    """The decay rises at first: (1 + k) / (10 + k) in step k, as in training/averaging."""
    decay = training.get("ema_decay")
    if not decay:
        return []
    reached = steps / (9 + steps)
    most = f"up to {decay:g}" if reached >= decay else f"which was {reached:.3g} at the end"
    return [f"Weights were averaged exponentially, with a decay of (1 + k) / (10 + k) in step k, {most}."]


def _selection(run: RunRecord) -> list[str]:
    """Which weights were kept, by what, and whether the training converged."""
    best = best_step(run.journal, run.monitor) if run.monitor else None
    verdict = run.convergence
    outcome = [f"Convergence of the training: {verdict.outcome} ({verdict.reason})."] if verdict else []
    if best is None:
        return ["There was no validation; the last weights were used.", *outcome]
    validated = sum(f"validation/{run.monitor}" in row for row in run.journal)
    metric = metric_label(MetricId.from_label(run.monitor))
    count = run.data.get("subjects", {}).get("validation")
    whole = f"whole cases of {count_text(count, 'subject')}" if count else "whole cases"
    chosen = (
        f"the weights after step {best:,}, the best of {count_text(validated, 'validation')} by {metric}, were used"
    )
    return [f"In validation {whole} were translated and scored; {chosen}.", *outcome]


def _machine(facts: Mapping[str, Any]) -> list[str]:
    if not facts:
        return []
    threads = f" with {count_text(facts['threads'], 'thread')}" if "threads" in facts else ""
    processes = f" in {facts['processes']} processes" if facts["processes"] > 1 else ""
    precision = PRECISIONS.get(facts["precision"], facts["precision"])
    return [f"Training ran in {precision} precision on {facts['device']}{threads}{processes} (torch {facts['torch']})."]

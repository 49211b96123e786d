"""The training loop: steps, validation, checkpoints and the journal, the same for every method.

Everything random in step k is seeded by (seed, k, process), and batch k depends on k alone; so a run that is killed and
resumed ends with the same bits as an uninterrupted one, on the same build and number of threads.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from medtrans.core.errors import MedtransError, ModelRefused
from medtrans.core.method import Batch, Method
from medtrans.reading.memory import is_out_of_memory, memory_errors
from medtrans.training.averaging import Averaged
from medtrans.training.checkpoint import load_checkpoint, save_checkpoint
from medtrans.training.journal import Journal
from medtrans.training.optimisation import Optimisation
from medtrans.training.schedule import learning_rate
from medtrans.training.settings import TrainingSettings
from medtrans.training.step import train_step
from medtrans.training.tensorboard import write_events

Batches = Callable[[int, int, int, int], Iterator[Batch]]
"""(first, last, rank, world) → batches first … last - 1, the part of this process of each."""
Validate = Callable[[Method], Mapping[str, float]]
"""Translate and score whole validation cases with a method: metric name → value."""
Keep = Callable[[Method, Mapping[str, float]], None]
"""Save a method as the model, with its validation scores (none where nothing validates)."""


@dataclass(frozen=True)
class Progress:
    """Progress of a training, for `on_progress`: when it is resumed and after every step."""

    step: int
    steps: int
    terms: Mapping[str, float]
    seconds: float
    seconds_left: float | None
    """None until a step of this command has been timed."""


class Diverged(MedtransError):
    """A loss became nan or infinite."""


class TrainingFiles(Protocol):
    """The files that a training writes, such as those of a run folder."""

    @property
    def checkpoint(self) -> Path: ...
    @property
    def journal(self) -> Path: ...
    @property
    def tensorboard(self) -> Path: ...


def train(
    method: Method,
    batches: Batches,
    settings: TrainingSettings,
    files: TrainingFiles,
    fabric: Fabric,
    *,
    validate: Validate | None = None,
    direction: str = "lower",
    keep: Keep,
    on_progress: Callable[[Progress], None] | None = None,
) -> Journal:
    """Train `method`, resuming from the checkpoint in `files` if there is one.

    The moving average of the weights is validated; the best by `settings.monitor` goes to `keep`, or the last one
    where nothing validates. Raises Diverged, ModelRefused.
    """
    run = _Run(method, settings, files, fabric)
    if on_progress and run.step and fabric.is_global_zero:
        on_progress(run.progress(run.step))
    with torch.random.fork_rng():
        for step, accumulated in run.steps(batches):
            with _memory_of(step):
                terms = run.train_step(step, accumulated)
            last = run.over(step + 1)
            if (step + 1) % settings.log_every == 0 or last:
                run.log(step + 1, terms)
            if validate and fabric.is_global_zero and ((step + 1) % settings.validate_every == 0 or last):
                run.validate(step + 1, validate, direction, keep)
            if (step + 1) % settings.checkpoint_every == 0 or last:
                run.save(step + 1)
            if on_progress and fabric.is_global_zero:
                on_progress(run.progress(step + 1))
            if last:
                break
    if fabric.is_global_zero and not validate:
        keep(run.averaged.method, {})
    fabric.barrier()
    return run.journal


class _Run:
    """The state of one training: method, optimisation, average, journal, clock."""

    def __init__(self, method: Method, settings: TrainingSettings, files: TrainingFiles, fabric: Fabric) -> None:
        settings = settings.resolved(method.optimizer_for(method.settings))
        self.settings, self.fabric, self.files, self.path = settings, fabric, files, files.checkpoint
        state = _load_state(self.path, settings) if self.path.exists() else None
        self.method = method.train()
        self.averaged = Averaged(method, settings.ema_decay)
        if state:
            _load_weights(method, state["method"], self.path)
            _load_weights(self.averaged.method, state["averaged"], self.path)
        self.averaged.method.to(fabric.device)
        self.optimisation = Optimisation(method, settings, fabric)
        if state:
            self.optimisation.load_state_dict(state)
        self.step = state["step"] if state else 0
        self.best = state["best"] if state else None
        self.seconds_before = state["seconds"] if state else 0.0
        proof = state["journal"] if state and fabric.is_global_zero else None
        self.journal = Journal(files.journal, self.step, proof)
        self.terms: dict[str, float] = {}
        self.clock = time.process_time if settings.clock == "cpu" else time.monotonic
        self.began = self.clock()

    def steps(self, batches: Batches) -> Iterator[tuple[int, list[Batch]]]:
        """Each step with its batches: one, or as many as gradients are accumulated over."""
        count, fabric = self.settings.accumulate_grad_batches, self.fabric
        if self.over(self.step):
            return
        stream = batches(self.step * count, self.settings.steps * count, fabric.global_rank, fabric.world_size)
        for step in range(self.step, self.settings.steps):
            with _memory_of(step):
                drawn = [next(stream).to(fabric.device) for _ in range(count)]
            yield step, drawn

    def train_step(self, step: int, batches: list[Batch]) -> dict[str, Tensor]:
        """Every player's turn, then the moving average. Returns the terms of the objectives."""
        entropy = np.random.SeedSequence([self.settings.seed, step, self.fabric.global_rank])
        torch.manual_seed(int(entropy.generate_state(1)[0]))
        terms = train_step(self.optimisation, batches, learning_rate(self.settings, step, self.used(step)))
        self.averaged.update(list(self.method.parameters()), list(self.method.buffers()), step)
        return terms

    def used(self, step: int) -> float:
        """The fraction of the training that is over: by steps, or by the clock if that is larger."""
        by_clock = self.seconds() / 60 / self.settings.minutes if self.settings.minutes else 0.0
        return min(1.0, max(step / self.settings.steps, by_clock))

    def over(self, step: int) -> bool:
        """True at the end of the training; the clock of the first process decides for all."""
        if not self.settings.minutes:
            return step >= self.settings.steps
        return bool(self.fabric.broadcast(self.used(step) >= 1.0))

    def seconds(self) -> float:
        return self.seconds_before + self.clock() - self.began

    def log(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Add the terms to the journal. Raises Diverged."""
        values = {name: float(term) for name, term in terms.items()}
        wrong = [name for name, value in values.items() if not math.isfinite(value)]
        if wrong:
            advice = "lower training.learning_rate, or set training.clip"
            raise Diverged(f"step {step}", f"{', '.join(wrong)} is not finite, so the training cannot go on", advice)
        self.terms = values
        rate = learning_rate(self.settings, step - 1, self.used(step - 1))
        self.journal.add(step, seconds=round(self.seconds(), 3), learning_rate=rate, **values)

    def validate(self, step: int, validate: Validate, direction: str, keep: Keep) -> None:
        """Validate the averaged weights, and keep them if none were better."""
        scores = validate(self.averaged.method)
        self.journal.add(step, **{f"validation/{name}": value for name, value in scores.items()})
        value = scores[self.settings.monitor]
        if (
            self.best is None
            or math.isnan(self.best)
            or (value < self.best if direction == "lower" else value > self.best)
        ):
            self.best = value
            keep(self.averaged.method, scores)

    def save(self, step: int) -> None:
        """Checkpoint and journal, by the first process."""
        if not self.fabric.is_global_zero:
            return
        self.journal.write()
        if self.settings.tensorboard:
            write_events(self.files.tensorboard, self.journal.rows)
        state = {
            "step": step,
            "best": self.best,
            "seconds": self.seconds(),
            "journal": self.journal.sha256,
            "settings": self.settings.to_dict(),
            "method": self.method.state_dict(),
            "averaged": self.averaged.method.state_dict(),
        }
        save_checkpoint(self.path, {**state, **self.optimisation.state_dict()})

    def progress(self, step: int) -> Progress:
        if step == self.step:
            return Progress(step, self.settings.steps, self.terms, self.seconds(), None)
        left = (self.clock() - self.began) / (step - self.step) * (self.settings.steps - step)
        if self.settings.minutes:
            left = min(left, self.settings.minutes * 60 - self.seconds())
        return Progress(step, self.settings.steps, self.terms, self.seconds(), max(left, 0.0))


def _memory_of(step: int) -> AbstractContextManager[None]:
    """Want of memory is named by its step."""
    return memory_errors(f"step {step + 1} of the training", "lower training.batch or preparing.patch")


def _load_state(path: Path, settings: TrainingSettings) -> dict[str, Any]:
    """The checkpoint. Raises ModelRefused if its settings differ; one that it does not know was the default."""
    state = load_checkpoint(path)
    before = {**TrainingSettings().to_dict(), **state["settings"]}
    changed = sorted(key for key, value in settings.to_dict().items() if before[key] != value)
    if changed:
        what = f"has other training settings ({', '.join(changed)}), so it cannot be resumed"
        raise ModelRefused(path, what, "use another run folder, or remove its checkpoints to start again")
    return state


def _load_weights(method: Method, weights: dict[str, Any], path: Path) -> None:
    try:
        method.load_state_dict(weights)
    except (RuntimeError, KeyError) as reason:
        if is_out_of_memory(reason):
            raise
        what = "belongs to another method or other settings, so it cannot be resumed"
        raise ModelRefused(path, what, "use another run folder") from reason

"""The training loop: players and turns, and nothing of any method.

For each step, each player on turn: hold the others' weights still, let every game yield its objective, back-propagate
its sum, step that player's optimiser. Everything random in step k is drawn from (seed, k, process), and batch k
depends on k alone; so a run killed anywhere and resumed ends with the same bits, on the same build and threads.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from medtrans.core.errors import MedtransError, ModelRefused
from medtrans.core.method import Batch, Method
from medtrans.training.averaging import Averaged
from medtrans.training.checkpoint import load_checkpoint, save_checkpoint
from medtrans.training.journal import Journal
from medtrans.training.schedule import learning_rate
from medtrans.training.settings import TrainingSettings
from medtrans.training.tensorboard import write_events

Batches = Callable[[int, int, int, int], Iterator[Batch]]
"""(first, last, rank, world) → batches first … last - 1, this process's share of each."""
Validate = Callable[[Method], Mapping[str, float]]
"""Translate and score whole validation cases with a method: metric name → value."""
Keep = Callable[[Method, Mapping[str, float]], None]
"""Save a method as the model, with what its validation gave (nothing where nothing validates)."""


@dataclass(frozen=True)
class Progress:
    """Where the training stands; given to `on_progress` where it is taken up and after every step."""

    step: int
    steps: int
    terms: Mapping[str, float]
    seconds: float
    seconds_left: float | None
    """None as long as nothing is known of this command's pace."""


class Diverged(MedtransError):
    """A loss became nan or infinite."""


def train(
    method: Method,
    batches: Batches,
    settings: TrainingSettings,
    folder: Path,
    fabric: Fabric,
    *,
    validate: Validate | None = None,
    direction: str = "lower",
    keep: Keep,
    on_progress: Callable[[Progress], None] | None = None,
) -> Journal:
    """Train `method` in `folder` (journal.csv, checkpoints/last.ckpt), going on from a checkpoint if there is one.

    The moving average of the weights is validated; the best by `settings.best` is handed to `keep`, or the last one
    where nothing validates. Raises Diverged, ModelRefused.
    """
    run = _Run(method, settings, folder, fabric)
    if on_progress and run.step and fabric.is_global_zero:
        on_progress(run.progress(run.step))
    with torch.random.fork_rng():
        for step, games in run.steps(batches):
            terms = run.play(step, games)
            last = run.over(step + 1)
            if (step + 1) % settings.journal_every == 0 or last:
                run.note(step + 1, terms)
            if validate and fabric.is_global_zero and ((step + 1) % settings.validate_every == 0 or last):
                run.judge(step + 1, validate, direction, keep)
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
    """The state of one training: method, optimisers, average, journal, clock."""

    def __init__(self, method: Method, settings: TrainingSettings, folder: Path, fabric: Fabric) -> None:
        self.settings, self.fabric, self.path = settings, fabric, folder / "checkpoints" / "last.ckpt"
        state = load_checkpoint(self.path) if self.path.exists() else None
        if state and state["settings"] != settings.to_dict():
            changed = sorted(k for k, v in settings.to_dict().items() if state["settings"].get(k) != v)
            raise ModelRefused(
                self.path,
                f"was made with other training settings ({', '.join(changed)})",
                "give the run another folder, or remove its checkpoints to start again",
            )
        self.method = method.train()
        self.averaged = Averaged(method, settings.averaging)
        if state:
            _load(method, state["method"], self.path)
            _load(self.averaged.method, state["averaged"], self.path)
        self.averaged.method.to(fabric.device)
        self._set_up_networks()
        self.optimizers = {name: self._optimizer(nets) for name, nets in method.players().items()}
        self.step = state["step"] if state else 0
        self.best = state["best"] if state else None
        self.seconds_before = state["seconds"] if state else 0.0
        if state:
            for name, optimizer in self.optimizers.items():
                optimizer.load_state_dict(state["optimizers"][name])
            fabric.strategy.precision.load_state_dict(state["precision"])
        self.journal = Journal(folder / "journal.csv", up_to=self.step)
        self.noted: dict[str, float] = {}
        self.clock = time.process_time if settings.clock == "processor" else time.monotonic
        self.began = self.clock()

    def _set_up_networks(self) -> None:
        """Wrap what plays; what a method only holds (pools, frozen networks, adopted methods) is merely moved."""
        players = [network for networks in self.method.players().values() for network in networks]
        played = {id(weight) for network in players for weight in network.parameters()}
        for name, network in list(self.method.named_children()):
            if any(id(weight) in played for weight in network.parameters()):
                setattr(self.method, name, self.fabric.setup_module(network))
            else:
                network.to(self.fabric.device)

    def _optimizer(self, networks: Sequence[nn.Module]) -> Any:
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.settings.optimizer]
        weights = [weight for network in networks for weight in network.parameters()]
        decay = self.settings.weight_decay if self.settings.optimizer == "adamw" else 0.0
        made = kind(weights, lr=self.settings.learning_rate, betas=self.settings.betas, weight_decay=decay)
        return self.fabric.setup_optimizers(made)

    def steps(self, batches: Batches) -> Iterator[tuple[int, list[Batch]]]:
        """Each step with its batches: one, or as many as gradients are accumulated over."""
        games, fabric = self.settings.accumulate, self.fabric
        if self.over(self.step):
            return
        stream = batches(self.step * games, self.settings.steps * games, fabric.global_rank, fabric.world_size)
        for step in range(self.step, self.settings.steps):
            yield step, [next(stream).to(fabric.device) for _ in range(games)]

    def play(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One step: every player's turn, all games in lockstep. Returns the terms of the objectives, averaged."""
        entropy = np.random.SeedSequence([self.settings.seed, step, self.fabric.global_rank])
        torch.manual_seed(int(entropy.generate_state(1)[0]))
        rate = learning_rate(self.settings, step, self.used(step))
        games = [self.method.losses(batch) for batch in batches]
        terms: dict[str, Tensor] = {}
        for player in self.method.turns():
            for name, term in self._turn(player, games).items():
                terms[f"{player}/{name}"] = term
            self._move(player, rate)
        self.averaged.update(list(self.method.parameters()), list(self.method.buffers()), step)
        return terms

    def _turn(self, player: str, games: Sequence[Iterator[tuple[str, Mapping[str, Tensor]]]]) -> dict[str, Tensor]:
        """Back-propagate the objective of `player` in every game; only its weights collect gradients."""
        mine = self.method.players()[player]
        others = [net for name, nets in self.method.players().items() if name != player for net in nets]
        for network in others:
            network.requires_grad_(False)
        for network in mine:
            network.requires_grad_(True)
        total: dict[str, Tensor] = {}
        for number, game in enumerate(games):
            with contextlib.ExitStack() as quiet:
                for network in others if number + 1 == len(games) else [*others, *mine]:
                    quiet.enter_context(self.fabric.no_backward_sync(network))  # type: ignore[arg-type]
                yielded, terms = next(game)
                assert yielded == player, f"{yielded} yielded in the turn of {player}"
                objective = torch.stack(list(terms.values())).sum()
                self.fabric.backward(objective / len(games))
            for name, term in terms.items():
                total[name] = total.get(name, 0) + term.detach() / len(games)
        return total

    def _move(self, player: str, rate: float) -> None:
        optimizer = self.optimizers[player]
        for group in optimizer.param_groups:
            group["lr"] = rate
        if self.settings.clip:
            networks = nn.ModuleList(self.method.players()[player])
            self.fabric.clip_gradients(networks, optimizer, max_norm=self.settings.clip, error_if_nonfinite=False)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def used(self, step: int) -> float:
        """The share of the training that is over, 0 to 1: by steps, or by the clock if that is further."""
        by_clock = self.seconds() / 60 / self.settings.minutes if self.settings.minutes else 0.0
        return min(1.0, max(step / self.settings.steps, by_clock))

    def over(self, step: int) -> bool:
        """All processes agree: the first one's clock decides."""
        if not self.settings.minutes:
            return step >= self.settings.steps
        return bool(self.fabric.broadcast(self.used(step) >= 1.0))

    def seconds(self) -> float:
        return self.seconds_before + self.clock() - self.began

    def note(self, step: int, terms: Mapping[str, Tensor]) -> None:
        values = {name: float(term) for name, term in terms.items()}
        wrong = [name for name, value in values.items() if not math.isfinite(value)]
        if wrong:
            raise Diverged(f"step {step}", f"{', '.join(wrong)} is not finite", "lower training.learning_rate or clip")
        self.noted = values
        rate = learning_rate(self.settings, step - 1, self.used(step - 1))
        self.journal.add(step, seconds=round(self.seconds(), 3), learning_rate=rate, **values)

    def judge(self, step: int, validate: Validate, direction: str, keep: Keep) -> None:
        """Validate the averaged weights, and keep them if none were better."""
        scores = validate(self.averaged.method)
        self.journal.add(step, **{f"validation/{name}": value for name, value in scores.items()})
        value = scores[self.settings.best]
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
            write_events(self.journal.path.with_name("tensorboard"), self.journal.rows)
        save_checkpoint(
            self.path,
            {
                "step": step,
                "best": self.best,
                "seconds": self.seconds(),
                "settings": self.settings.to_dict(),
                "method": self.method.state_dict(),
                "averaged": self.averaged.method.state_dict(),
                "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
                "precision": self.fabric.strategy.precision.state_dict(),
            },
        )

    def progress(self, step: int) -> Progress:
        if step == self.step:
            return Progress(step, self.settings.steps, self.noted, self.seconds(), None)
        left = (self.clock() - self.began) / (step - self.step) * (self.settings.steps - step)
        if self.settings.minutes:
            left = min(left, self.settings.minutes * 60 - self.seconds())
        return Progress(step, self.settings.steps, self.noted, self.seconds(), max(left, 0.0))


def _load(method: Method, weights: dict[str, Any], path: Path) -> None:
    try:
        method.load_state_dict(weights)
    except (RuntimeError, KeyError) as reason:
        advice = "give the run another folder"
        raise ModelRefused(path, "belongs to another method or other settings", advice) from reason

"""How a method is trained: nothing of any method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from medtrans.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
    steps: Annotated[int, Ge(1)] = 20000
    """Optimiser steps of each player."""
    minutes: Annotated[float, Gt(0)] | None = None
    """Stop after so much time, if the steps have not run out before. The schedule then follows the clock,
    so such a run is not repeatable bit for bit."""
    clock: Literal["wall", "processor"] = "wall"
    """What `minutes` counts: time that passes, or time that processors spend on it, fair on a shared machine."""
    batch: Annotated[int, Ge(1)] = 4
    """Items per step, over all processes."""
    accumulate: Annotated[int, Ge(1)] = 1
    """Batches whose gradients are averaged before each step; each counts alike, however many voxels its masks count."""
    optimizer: Literal["adam", "adamw"] = "adam"
    """AdamW decays the weights by `weight_decay`."""
    learning_rate: Annotated[float, Gt(0)] = 2e-4
    """The highest learning rate, reached after the warm-up."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's averaging of gradients and their squares; .5 is the habit with GANs."""
    weight_decay: Annotated[float, Ge(0)] = 0.0
    """Only with adamw."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """linear: flat for the first half, then straight to zero (CycleGAN's); cosine: down from the start."""
    warm_up: Annotated[int, Ge(0)] = 0
    """Steps over which the learning rate rises from zero."""
    clip: Annotated[float, Gt(0)] | None = None
    """Largest norm of a player's gradients."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """bf16 wants a processor made for it; 16-mixed scales the loss and wants a GPU."""
    averaging: Annotated[float, Ge(0), Lt(1)] = 0.999
    """Decay of the moving average of the weights, which is what is validated and saved; 0 keeps the latest."""
    validate_every: Annotated[int, Ge(1)] = 1000
    """Steps between two rounds of translating and scoring the validation cases."""
    best: str = "mae"
    """The metric whose best value chooses the model that is kept: the preset's, or one of evaluating.also by its
    label."""
    checkpoint_every: Annotated[int, Ge(1)] = 500
    """Steps between two checkpoints; an interrupted run goes on from the last."""
    journal_every: Annotated[int, Ge(1)] = 20
    """Steps between two rows of journal.csv."""
    tensorboard: bool = False
    """Write the journal for TensorBoard too (extra `tensorboard`), into tensorboard/ of the run folder."""
    workers: Annotated[int, Ge(0)] = 0
    """Processes that prepare batches ahead; 0 prepares them in the training process."""
    seed: Annotated[int, Ge(0)] = 0
    """Decides the initial weights, the batches and every draw of a method."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps. Several GPUs: start the command by torchrun or SLURM."""

"""The learning rate as a pure function of progress, so that nothing needs to be remembered."""

from __future__ import annotations

import math

from medtrans.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, progress: float) -> float:
    """The rate of step `step` (from 0) when `progress` (0 to 1) of the training is over."""
    rate = settings.learning_rate
    if step < settings.warm_up:
        return rate * (step + 1) / settings.warm_up
    if settings.schedule == "linear":
        return rate * min(1.0, 2 * (1 - progress))
    if settings.schedule == "cosine":
        return rate * (1 + math.cos(math.pi * progress)) / 2
    return rate

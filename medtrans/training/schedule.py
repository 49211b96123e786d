"""Learning rate schedule: a pure function of the step and the progress, without state."""

from __future__ import annotations

import math

from medtrans.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, progress: float) -> float:
    """The learning rate of `step` (from 0) at `progress` (0 to 1), by settings whose optimiser is written out."""
    rate = settings.learning_rate
    assert rate is not None, "settings.resolved fills it in"
    if step < settings.warm_up:
        return rate * (step + 1) / settings.warm_up
    if settings.schedule == "linear":
        return rate * min(1.0, 2 * (1 - progress))
    if settings.schedule == "cosine":
        return rate * (1 + math.cos(math.pi * progress)) / 2
    return rate

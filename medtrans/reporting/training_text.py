"""Sentences about the training of a method: length, optimiser, averaging of weights, choice of the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.core.score import MetricId
from medtrans.evaluating.columns import metric_label

OPTIMISERS = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSProp"}
CLOCKS = {"wall": "wall", "cpu": "CPU"}
PRECISIONS = {"32-true": "32-bit", "bf16-mixed": "mixed bfloat16", "16-mixed": "mixed 16-bit"}
"""training.precision → in words."""


def training_sentences(training: Mapping[str, Any]) -> list[str]:
    """`training` are the settings of that stage; what is off is not mentioned."""
    minutes, monitor = training.get("minutes"), training["monitor"]
    limit = f" or {minutes:g} minutes of {CLOCKS[training['clock']]} time, whichever came first" if minutes else ""
    metric = metric_label(MetricId(monitor)) if monitor.isidentifier() else monitor
    return [
        f"It was trained for at most {training['steps']} optimiser steps{limit}, with a batch size of "
        f"{training['batch']}{_accumulation(training)}.",
        _optimiser(training),
        *_averaging(training),
        f"The checkpoint with the best validation {metric} was used, or the last one where there was no validation. "
        f"The random seed was {training['seed']}.",
    ]


def _accumulation(training: Mapping[str, Any]) -> str:
    batches = training.get("accumulate_grad_batches", 1)
    return f" and gradients accumulated over {batches} batches" if batches > 1 else ""


def _optimiser(training: Mapping[str, Any]) -> str:
    """Optimiser, learning rate and schedule, clipping, precision."""
    name = training["optimizer"]
    moments = ("decay {1:g}" if name == "rmsprop" else "β₁ = {:g}, β₂ = {:g}").format(*training["betas"])
    decay = f", weight decay {training['weight_decay']:g}" if training["weight_decay"] or name == "adamw" else ""
    warm_up = f" after {training['warm_up']} warm-up steps" if training.get("warm_up") else ""
    clip = f" Gradient norms were clipped to {training['clip']:g}." if training.get("clip") else ""
    precision = PRECISIONS.get(training["precision"], training["precision"])
    return (
        f"The optimiser was {OPTIMISERS.get(name, name)} ({moments}{decay}) with a peak learning rate of "
        f"{training['learning_rate']:g} and a {training['schedule']} schedule{warm_up}, in {precision} "
        f"precision.{clip}"
    )


def _averaging(training: Mapping[str, Any]) -> list[str]:
    decay = training.get("ema_decay")
    return [f"Weights were averaged exponentially (EMA, decay {decay:g})."] if decay else []

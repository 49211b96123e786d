"""Forecast of a translation: windows, time and memory, from a trial with the volume itself.

    time = preparing + converting + passes · batches · (time of one batch) + restoring

All steps of a translation are done, but of the batches of windows only some from the middle of the body; so the
memory of the trial is that of the translation. Processor time counts all threads, and not the work of others.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.models.device import repeatable
from medtrans.models.engines import EngineUsed
from medtrans.preparing.preparation import Prepared
from medtrans.reading.memory import memory_errors
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.gaussian_mixture import reclassify
from medtrans.translating.prediction import Prediction
from medtrans.translating.restoration import restore, restore_uncertainty
from medtrans.translating.translator import Translator

BATCHES = 3
"""Batches of a trial, of which the first is not counted: it also takes memory and compiles."""


@dataclass(frozen=True)
class Clocks:
    """Seconds of the wall and of the processor."""

    wall: float
    processor: float

    def __add__(self, other: Clocks) -> Clocks:
        return Clocks(self.wall + other.wall, self.processor + other.processor)

    def __sub__(self, other: Clocks) -> Clocks:
        return Clocks(self.wall - other.wall, self.processor - other.processor)

    def times(self, factor: float) -> Clocks:
        return Clocks(self.wall * factor, self.processor * factor)


@dataclass(frozen=True)
class Forecast:
    """Of one volume and one model."""

    model: str
    shape: tuple[int, ...]
    """Of the networks' grid, in voxels."""
    window: tuple[int, ...]
    windows: int
    """With body voxels, over all samples and mirrored passes."""
    engine: EngineUsed
    clocks: Clocks
    findings: tuple[Finding, ...]


def now() -> Clocks:
    """Both clocks."""
    return Clocks(time.monotonic(), time.process_time())


def forecast(
    translator: AnyTranslator,
    volume: Volume,
    mask: Volume | None,
    conditions: Mapping[str, float],
    where: str,
) -> tuple[list[Forecast], Volume]:
    """One for each model, and a volume of the kind that a translation would be. Raises as Translator.translate."""
    made = [_forecast(member, volume, mask, conditions, where) for member in translator.members]
    return [one for one, _ in made], made[-1][1]


def _forecast(
    translator: Translator, volume: Volume, mask: Volume | None, conditions: Mapping[str, float], where: str
) -> tuple[Forecast, Volume]:
    began = now()
    _, prepared, values, _, findings = translator.admitted(volume, mask, conditions, where)
    settings, method, window = translator.settings, translator.method, translator.sliding_window
    samples = settings.samples if method.noise_channels else 1
    passes = samples * (2 if settings.mirror != "none" else 1)
    passes += int(settings.uncertainty and method.gives_spread)
    windows = window.of_body(prepared.mask)
    with memory_errors(where, "lower translating.batch or translating.window"), repeatable(translator.device):
        one_batch, rest, used = _trial(translator, prepared, values)
        clocks = now() - began - rest
        began = now()
        if settings.reclassified:
            _reclassify_middle(translator, prepared)
        restored = _restored(translator, prepared, samples)
    batches = -(-len(windows) // window.together(windows[0]))
    clocks = clocks + one_batch.times(passes * batches) + (now() - began)
    name, shape, size = translator.identity.name, prepared.mask.shape, windows[0].size
    return Forecast(name, shape, size, passes * len(windows), used, clocks, findings), restored


def _trial(translator: Translator, prepared: Prepared, values: tuple[float, ...]) -> tuple[Clocks, Clocks, EngineUsed]:
    """Time of one batch, time of all batches of the trial, and the engine."""
    window, method = translator.sliding_window, translator.method
    example = window.example(prepared.voxels, prepared.background, prepared.mask)
    noise = torch.zeros((1, method.noise_channels, *example.shape[2:]), device=example.device)
    in_unit = translator.preparation.settings.target_normalisation.restore
    predict, used = translator.engine.ready(method, values, torch.cat([example, noise], dim=1), in_unit)
    body = window.of_body(prepared.mask)
    count = window.together(body[0])
    first = max(0, len(body) // 2 - count)
    began = counted = now()
    out = np.zeros((window.target_channels, *prepared.mask.shape), np.float32)
    noise_of_volume = np.zeros((method.noise_channels, *prepared.mask.shape), np.float32)
    for number in range(BATCHES):
        counted = counted if number != 1 else now()
        group = body[first : first + count]
        window.add(
            group, prepared.voxels, predict, prepared.background, noise_of_volume if noise.numel() else None, out
        )
    ended = now()
    return (ended - counted).times(1 / (BATCHES - 1)), ended - began, used


def _reclassify_middle(translator: Translator, prepared: Prepared) -> None:
    """In a stand-in for a prediction: the middle of the image, which is the brain of a head, is classified again."""
    method, count = translator.method, len(translator.settings.reclassified)
    shape = max(len(method.class_means) - 1, method.task.target_channels), *prepared.mask.shape
    voxels = np.full(shape, -1, np.float32)
    middle = tuple(slice(side // 6, side - side // 6) for side in prepared.mask.shape)
    voxels[(slice(count), *middle)] = 2 / count - 1
    reclassify(Prediction(voxels), prepared, range(count))


def _restored(translator: Translator, prepared: Prepared, samples: int) -> Volume:
    """A stand-in for the translation, restored: the source in the place of the target."""
    channels = translator.method.task.target_channels
    voxels = np.ascontiguousarray(np.broadcast_to(prepared.voxels[:1], (channels, *prepared.mask.shape)))
    prediction = Prediction(voxels, np.zeros_like(voxels) if samples > 1 else None, samples)
    prepared = replace(prepared, voxels=np.empty(0, np.float32))
    restored, _ = restore(prediction, prepared, translator.preparation)
    restore_uncertainty(prediction, prepared, translator.preparation)
    return restored

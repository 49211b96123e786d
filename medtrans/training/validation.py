"""Validation during training: whole cases are translated and scored, by the same code as after the training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from medtrans.core.case import Pair
from medtrans.core.method import Method
from medtrans.evaluating.image_scores import score_pair
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.preparing.preparation import Preparation
from medtrans.reading.memory import memory_errors
from medtrans.translating.data_consistency import Measured
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Translator


class Validation:
    """Translates `pairs` (source, target in its own unit, mask) and averages each metric over them."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        preparation: Preparation,
        translating: TranslatingSettings,
        preset: str,
        device: str,
        metrics: Sequence[MetricSpec] = (),
        measured: Sequence[Measured | None] = (),
    ) -> None:
        """`measured`: how each source was degraded, for models that are consistent with their sources by training."""
        self.pairs, self.preparation, self.translating = pairs, preparation, translating
        self.preset, self.device, self.metrics = preset, device, metrics
        self.measured = measured or [None] * len(pairs)

    def __call__(self, method: Method) -> dict[str, float]:
        translator = Translator(method, self.preparation, self.translating, device=self.device)
        values: dict[str, list[float]] = {}
        for pair, how in zip(self.pairs, self.measured, strict=True):
            assert pair.target is not None
            name, given = pair.case.name, pair.case.conditions
            with memory_errors(name):
                translated = translator.translate(
                    pair.source, pair.body, conditions=given, measured=how, where=name
                ).volume
                compared = translated, pair.target, pair.mask, self.preset
                scores = score_pair(*compared, metrics=self.metrics, case=name)
            for score in scores:
                values.setdefault(score.metric.label, []).append(score.value)
        return {name: fmean(found) if all(map(math.isfinite, found)) else math.nan for name, found in values.items()}

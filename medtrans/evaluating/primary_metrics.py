"""Primary metrics: those on which a claim is tested, named before the numbers are seen. All others describe.

Every test more makes each of them harder to pass (Holm), so that by default there is one: the first of the preset.
"""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.core.errors import UsageError
from medtrans.core.score import MetricId
from medtrans.core.suggestions import did_you_mean
from medtrans.evaluating.metric_specs import labelled_metrics
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.segmentation.class_metrics import is_segmentation
from medtrans.evaluating.settings import EvaluatingSettings


def primary_metrics(labels: Sequence[str], named: Sequence[str] = (), where: str = "primary") -> tuple[str, ...]:
    """Those of `labels`, the metrics in their order, that are `named`; the first where none is.

    Raises UsageError with a suggestion on a name that is not among them.
    """
    for name in named:
        if name not in labels:
            raise UsageError(where, f"{name!r} is no metric of this evaluation", did_you_mean(name, labels))
    return tuple(label for label in labels if label in named) if named else tuple(labels[:1])


def refuse_unknown_primary(settings: EvaluatingSettings) -> None:
    """Raises UsageError where evaluating.primary names a metric that will not be measured.

    Metrics of label maps depend on the structures, and are looked for among the scores.
    """
    labels = [one.label for one in labelled_metrics(find_preset(settings.preset), settings.metrics)]
    named = [label for label in settings.primary if not is_segmentation(MetricId.from_label(label))]
    primary_metrics(labels, named, "evaluating.primary")

"""Metrics of label maps: their names, units and directions, apart from their computation."""

from __future__ import annotations

from medtrans.core.measurement import MISSED_BELOW
from medtrans.core.score import Direction, MetricId

OF_CLASSES: dict[str, tuple[str, Direction]] = {
    "dice": ("", "higher"),
    "hd95": ("mm", "lower"),
    "surface_dice": ("", "higher"),
    "volume_error": ("ml", "lower"),
    "volume_error_percent": ("%", "lower"),
}
"""Metric of one class, as in dice[liver] → its unit, and which values are better."""
COUNTS: dict[str, tuple[str, Direction]] = {"missed_structures": ("", "lower"), "invented_structures": ("", "lower")}
"""Metric that counts classes of one case."""
MEANS = ("dice", "hd95", "surface_dice")
"""Metrics that are also averaged over the classes of a case."""
MEAN = "mean"
"""Region of such an average."""
REMARKS = {
    "neither": "in neither label map",
    "missed": f"missed (less than {MISSED_BELOW:.0%} of it found), though in the target",
    "invented": "invented, not in the target",
}


def is_segmentation(metric: MetricId) -> bool:
    """Whether a metric compares label maps."""
    return metric.name in OF_CLASSES or metric.name in COUNTS


def is_single_class(metric: MetricId) -> bool:
    """Whether a metric is of one class, as dice[liver] is, and dice[mean] and missed_structures are not."""
    return metric.name in OF_CLASSES and metric.region != MEAN

"""Training: the curve of each loss term and validation metric, and the best checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medtrans.evaluating.columns import Column
from medtrans.reporting.charts.curve import curve_chart
from medtrans.reporting.curves import VALIDATION, Curve, curves
from medtrans.reporting.report import Section


@dataclass(frozen=True)
class LabelledCurve:
    """A curve with its heading, its unit, and its chart."""

    curve: Curve
    label: str
    unit: str
    chart: str


@dataclass(frozen=True)
class Training:
    """All curves, and that of the metric by which the best checkpoint was chosen."""

    curves: tuple[LabelledCurve, ...]
    best: LabelledCurve | None


def training_section(
    journal: Sequence[Mapping[str, float]], monitor: str = "", columns: Sequence[Column] = ()
) -> Section | None:
    """`monitor` is the label of the metric that chose the checkpoint; `columns` give labels and units of metrics."""
    found = curves(journal, f"{VALIDATION}/{monitor}" if monitor else "")
    if not found:
        return None
    best_step = next((curve.best[0] for curve in found if curve.best), None)
    last = max(float(curve.steps[-1]) for curve in found)
    known = {f"{VALIDATION}/{column.metric}": column for column in columns}
    labelled = []
    for curve in found:
        column = known.get(curve.name)
        label = column.label if column else curve.term.replace("_", " ")
        chart = curve_chart(curve, last=last, best_step=best_step)
        labelled.append(LabelledCurve(curve, label, column.unit if column else "", chart))
    best = next((one for one in labelled if one.curve.best), None)
    return Section("training", "Training", Training(tuple(labelled), best))

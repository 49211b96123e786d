"""Scores: the overview table of the translation and the baselines, and the distribution over the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.score import TRANSLATED, Definition, Score
from medtrans.evaluating.columns import Column, columns
from medtrans.reporting.charts.strip import strip_chart
from medtrans.reporting.report import Section
from medtrans.reporting.score_tables import overview, values_by_system
from medtrans.reporting.table_cells import Line


@dataclass(frozen=True)
class Scores:
    """The overview table, one strip chart per column, and the definition of the numbers."""

    columns: list[Column]
    overview: list[Line]
    strips: tuple[str, ...]
    """Empty for a single case."""
    definition: Definition | None


def scores_section(scores: Sequence[Score], definition: Definition | None) -> Section | None:
    """`scores` are those of images, without those of label maps."""
    if not scores:
        return None
    heads, values = columns(scores), values_by_system(scores)
    several = len({score.case for score in scores}) > 1
    strips = (strip_chart(values[head.metric], own=(TRANSLATED,), name=str(head.metric)) for head in heads)
    data = Scores(heads, overview(scores), tuple(strips) if several else (), definition)
    return Section("scores", "Scores", data)

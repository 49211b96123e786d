"""One HTML page that opens from disk, asks nothing of any network, and can be sent to a colleague as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from medtrans.core.metric import Definition, Score
from medtrans.reading.files import write_atomically
from medtrans.reporting.charts import curve_chart, strip_chart
from medtrans.reporting.curves import Curve, curves
from medtrans.reporting.pictured import Pictured
from medtrans.reporting.provenance import version, without_folders
from medtrans.reporting.shown import shown
from medtrans.reporting.tables import OWN, beats_controls, columns, groups, overview, strips, too_few

FOLDER = Path(__file__).parent
LONG = 12
"""More cases, or messages, than this scroll within their table on a screen."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page says. Everything but the title may be missing; what is missing is left out of the page."""

    title: str
    about: str = ""
    """What was done, in one sentence."""
    date: str = ""
    definition: Definition | None = None
    scores: Sequence[Score] = ()
    """Of the translation (`who` is "translated") and of the controls."""
    cases: Sequence[Pictured] = ()
    journal: Sequence[Mapping[str, float]] | None = None
    best: str = ""
    """The journal's column by which the best checkpoint was chosen, as "validation/mae"."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Name → value, or group → {name: value}."""
    recipe: str = ""
    verdict: str = ""
    """One sentence on convergence; good news begin with "Converged"."""
    warnings: Sequence[str] = ()
    failures: Sequence[str] = ()
    """Cases that could not be assessed, each with its reason."""
    hounsfield: bool | None = None
    """Whether targets are CT in HU; None: as the scores' unit says, else as the values look."""
    medtrans: str = field(default_factory=lambda: version("medtrans"))


def write_page(path: str | Path, report: Report) -> None:
    """Put the page at `path`, whole or not at all. Raises EnvironmentRefused."""
    write_atomically(path, render(report))


def render(report: Report) -> bytes:
    """The page. The same report gives the same bytes."""
    loader = FileSystemLoader(FOLDER)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    training = curves(report.journal or [], report.best)
    tables, heads = groups(report.scores), columns(report.scores)
    page = environment.get_template("page.html").render(
        report=report,
        minus=lambda words: words.replace("-", "−"),
        beats=beats_controls(report.scores),
        columns=heads,
        metrics={f"validation/{column.metric}": column for column in heads},
        few=too_few(report.scores),
        overview=overview(report.scores),
        strips={metric: strip_chart(values, own=OWN, name=metric) for metric, values in strips(report.scores).items()},
        groups=tables,
        long=LONG,
        cases=[shown(case, tables, hounsfield=_hounsfield(report)) for case in report.cases],
        training=_drawn(training),
        best=next((curve for curve in training if curve.best), None),
        facts=_facts(report.provenance),
        recipe=without_folders(report.recipe),
        warnings=[without_folders(text) for text in report.warnings],
        failures=[without_folders(text) for text in report.failures],
    )
    return page.encode("utf-8", "replace")


def _hounsfield(report: Report) -> bool | None:
    units = {score.unit for score in report.scores}
    if report.hounsfield is None and units:
        return "HU" in units
    return report.hounsfield


def _drawn(found: Sequence[Curve]) -> list[tuple[Curve, str]]:
    best_step = next((curve.best[0] for curve in found if curve.best), None)
    last = max((float(curve.steps[-1]) for curve in found), default=0.0)
    return [(curve, curve_chart(curve, last=last, best_step=best_step)) for curve in found]


def _facts(provenance: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Groups of name → text; what stands alone is about this run and comes first."""
    alone = {name: value for name, value in provenance.items() if not isinstance(value, Mapping)}
    grouped = {"this run": alone} if alone else {}
    grouped |= {name: dict(value) for name, value in provenance.items() if isinstance(value, Mapping) and value}
    return {group: {name: _words(value) for name, value in facts.items()} for group, facts in grouped.items()}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value))
    return without_folders(str(value))

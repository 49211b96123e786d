"""One HTML page that opens from disk, asks nothing of any network, and can be sent to a colleague as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from medtrans import __version__
from medtrans.core.metric import Definition, Score
from medtrans.evaluating.measurements import Measurement
from medtrans.evaluating.segmentation.structures import Structure, is_segmentation, is_single_class
from medtrans.evaluating.verdicts import verdicts
from medtrans.reading.files import write_atomically
from medtrans.reporting.agreement import agreements
from medtrans.reporting.charts import curve_chart, strip_chart
from medtrans.reporting.curves import Curve, curves
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.viewer_volumes import room
from medtrans.reporting.methods_text import methods_text
from medtrans.reporting.provenance import without_folders
from medtrans.reporting.scripts import scripts
from medtrans.reporting.sections.images import Shown, shown
from medtrans.reporting.structure_table import AGREEMENT, section, telling, volumes
from medtrans.reporting.tables import OWN, Cell, Group, columns, groups, overview, strips

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
    structures: Sequence[Structure] = ()
    """Of the downstream task."""
    measurements: Sequence[Measurement] = ()
    """What targets and translations are read for, for Bland-Altman plots."""
    cases: Sequence[CaseImages] = ()
    journal: Sequence[Mapping[str, float]] | None = None
    best: str = ""
    """The journal's column by which the best checkpoint was chosen, as "validation/mae"."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Name → value, or group → {name: value}."""
    recipe: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The recipe again, as plain values: what the methods text is made of."""
    split: str = ""
    """How many cases were there to train, validate and test."""
    verdict: str = ""
    """One sentence on convergence; good news begin with "Converged"."""
    warnings: Sequence[str] = ()
    failures: Sequence[str] = ()
    """Cases that could not be assessed, each with its reason."""
    hounsfield: bool | None = None
    """Whether targets are CT in HU; None: as the scores' unit says, else as the values look."""
    medtrans: str = __version__


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
    whole = [score for score in report.scores if not is_single_class(score.metric)]
    scores = [score for score in whole if not is_segmentation(score.metric)]
    over = [score for score in whole if is_segmentation(score.metric)]
    tables, heads = groups(scores), columns(scores)
    page = environment.get_template("page.html").render(
        report=report,
        scripts=scripts(),
        subjects=len({score.subject for score in scores}),
        sortable=_sortable,
        minus=lambda words: words.replace("-", "−"),
        verdicts=verdicts(whole, len(report.failures), report.verdict, report.structures),
        columns=heads,
        metrics={f"validation/{column.metric}": column for column in heads},
        structures=section(report.structures, over, _judge(report.definition)),
        structure_heads=AGREEMENT,
        overview=overview(scores),
        strips={metric: strip_chart(values, own=(OWN,), name=metric) for metric, values in strips(scores).items()},
        groups=tables,
        agreements=agreements([*report.measurements, *volumes(report.structures, telling(report.structures))]),
        long=LONG,
        cases=_shown(report, tables),
        methods=_methods(report, whole),
        training=_drawn(training),
        best=next((curve for curve in training if curve.best), None),
        facts=_facts(report.provenance),
        recipe=without_folders(report.recipe),
        warnings=[without_folders(text) for text in report.warnings],
        failures=[without_folders(text) for text in report.failures],
    )
    return page.encode("utf-8", "replace")


def _shown(report: Report, tables: Sequence[Group]) -> list[Shown]:
    """The worst case, the best, then the others."""
    most, hounsfield = room(len(report.cases)), _hounsfield(report)
    found = [shown(case, tables, report.structures, most=most, hounsfield=hounsfield) for case in report.cases]
    order = {"worst": 0, "best": 1}
    return sorted(found, key=lambda case: order.get(case.place.partition(" ")[0], 2))


def _judge(definition: Definition | None) -> str:
    """The sentence on whose label maps the structures are of."""
    said = (one for one in (definition.details if definition else ()) if one.startswith("Downstream: "))
    words = next(said, "").removeprefix("Downstream: ")
    return words[:1].upper() + words[1:]


def _sortable(cell: Cell | None) -> str:
    """As a script reads it: "Infinity", nothing for nan."""
    if cell is None or math.isnan(cell.value):
        return ""
    return repr(cell.value).replace("inf", "Infinity")


def _methods(report: Report, scores: Sequence[Score]) -> str:
    software = report.provenance.get("software", {})
    read_for = dict.fromkeys(one.name for one in report.measurements)
    asked = {
        "read_for": list(read_for),
        "settings": report.settings,
        "split": report.split,
        "refused": len(report.failures),
        "software": software,
    }
    return without_folders(methods_text(scores, report.definition, **asked)) if scores or report.settings else ""


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

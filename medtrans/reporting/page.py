"""One page that a person can send: a single HTML file that opens from disk and asks no network for anything."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from medtrans.core.metric import Definition, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.summary import summarise
from medtrans.reading.files import write_atomically
from medtrans.reporting import figures
from medtrans.reporting.tables import case_sheet, summary_sheet


@dataclass(frozen=True, eq=False)
class Pictured:
    """A case to show, on one grid."""

    case: str
    source: Volume
    target: Volume | None
    translated: Volume
    mask: Volume | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """Everything a page is made of. `best` names the journal's column that chose the model."""

    title: str
    definition: Definition
    scores: Sequence[Score]
    cases: Sequence[Pictured]
    date: str = ""
    about: str = ""
    journal: Sequence[Mapping[str, float]] = ()
    best: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = ""
    verdict: str = ""
    warnings: Sequence[str] = ()


def write_page(path: Path, report: Report) -> None:
    """Write the page atomically. Raises EnvironmentRefused."""
    write_atomically(path, page(report).encode())


def page(report: Report) -> str:
    """The HTML. Whatever comes from a user is escaped."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resources.files("medtrans.reporting").joinpath("page.html").read_text("utf-8"))
    curves = figures.losses(report.journal, report.best)
    return template.render(
        report=report,
        verdicts=verdicts(report),
        summary=summary_sheet(report.scores),
        cases=case_sheet(report.scores),
        pictures=[_pictures(one, _unit(report)) for one in report.cases],
        curves=_data(curves) if curves else "",
    )


def verdicts(report: Report) -> list[tuple[str, str]]:
    """("pass", "fail" or "not assessable", sentence): against each control by the first metric, and the training."""
    out = []
    found = summarise(report.scores)
    own = next((line for line in found if line.who == "translated"), None)
    if own is None:
        out.append(("not assessable", "No translation could be scored: there is no target to compare with."))
    for line in found:
        if own is not None and line.who != own.who and line.metric == own.metric:
            wins = own.mean > line.mean if own.better == "higher" else own.mean < line.mean
            said = f"{own.metric} {own.mean:.4g} against {line.mean:.4g} for “{line.who}” (n = {own.n})."
            out.append(("pass" if wins else "fail", said))
    if report.verdict:
        word = {"C": "not assessable" if "not assessable" in report.verdict else "pass"}.get(report.verdict[0], "fail")
        out.append((word, report.verdict))
    return out + [("fail", warning) for warning in report.warnings]


def _unit(report: Report) -> str:
    return "HU" if report.definition.value_range[0] < -500 else "a.u."


def _pictures(one: Pictured, unit: str) -> dict[str, str]:
    picture, words = figures.slices(one.source, one.target, one.translated, one.mask, unit)
    histogram = figures.values(one.target, one.translated, one.mask, unit) if one.target is not None else None
    return {"case": one.case, "slices": _data(picture), "words": words, "values": _data(histogram) if histogram else ""}


def _data(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()

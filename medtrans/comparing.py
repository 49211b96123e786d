"""Runs beside each other: the same cases, one table, one page of pictures.

Only what was measured alike is compared: runs whose scores differ in preset, range, mask or cases are refused, and the
difference is named.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medtrans import metrics
from medtrans.core.errors import UsageError
from medtrans.evaluating.ranking import Standing, by_subject, standings
from medtrans.judging import pictured
from medtrans.learning import cases_of
from medtrans.preparing.preparation import Preparation
from medtrans.reading.files import read_bytes, write_atomically
from medtrans.recipe import Recipe, load_recipe
from medtrans.reporting.comparison import Beside, render_comparison
from medtrans.training.journal import read_journal

LARGEST = 1 << 28
PICTURES = 3


@dataclass(frozen=True)
class Finished:
    """A run folder, as far as it is compared."""

    name: str
    folder: Path
    recipe: Recipe
    definition: dict[str, Any]
    cases: list[dict[str, Any]]
    steps: int
    minutes: float

    def cost(self) -> dict[str, Any]:
        clock = self.recipe.training.clock
        return {"method": self.recipe.method, "steps": self.steps, "minutes": self.minutes, "clock": clock}


@dataclass(frozen=True)
class Comparison:
    """Standings by metric, the cost of each run, and what is to be said of the controls."""

    definition: dict[str, Any]
    subjects: int
    runs: tuple[Finished, ...]
    tables: dict[str, list[Standing]]

    def to_dict(self) -> dict[str, Any]:
        return {
            "definition": self.definition,
            "subjects": self.subjects,
            "runs": {run.name: run.cost() for run in self.runs},
            "standings": {metric: [asdict(line) for line in lines] for metric, lines in self.tables.items()},
        }

    def to_csv(self) -> bytes:
        text = io.StringIO()
        rows = [{"metric": metric, **asdict(line)} for metric, lines in self.tables.items() for line in lines]
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return text.getvalue().encode()


def compare(folders: Sequence[Path]) -> Comparison:
    """Raises UsageError where folders are no finished runs, or their scores must not be compared."""
    if len(folders) < 2:
        raise UsageError("compare", "one run has nothing beside it", "give two or more run folders")
    runs = [_finished(folder) for folder in folders]
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(twice, "is the name of two run folders", "rename one of them")
    for run in runs[1:]:
        _refuse_difference(runs[0], run)
    who = {run.name: {case["name"]: case["scores"] for case in run.cases} for run in runs}
    for control in runs[0].cases[0].get("controls", {}):
        who[f"control: {control}"] = {
            case["name"]: case["controls"].get(control, {"scores": {}})["scores"] for case in runs[0].cases
        }
    subject = {case["name"]: case.get("subject") or case["name"] for case in runs[0].cases}
    tables = {}
    for metric in runs[0].cases[0]["scores"]:
        values = {
            name: by_subject([(subject[case], _number(found.get(metric))) for case, found in cases.items()])
            for name, cases in who.items()
        }
        tables[metric] = standings(values, metrics.load(metric).better)
    return Comparison(runs[0].definition, len(set(subject.values())), tuple(runs), tables)


def write_comparison(folder: Path, found: Comparison) -> Path:
    """comparison.csv, comparison.json and comparison.html in `folder`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "comparison.csv", found.to_csv())
    write_atomically(folder / "comparison.json", (json.dumps(found.to_dict(), indent=1) + "\n").encode())
    write_atomically(folder / "comparison.html", render_comparison(found.to_dict(), _beside(found)))
    return folder / "comparison.html"


def to_text(found: Comparison) -> str:
    """One table for each metric."""
    lines = [f"{found.definition['preset']}, mask: {found.definition['mask']}, n = {found.subjects}"]
    width = max(len(line.who) for table in found.tables.values() for line in table)
    for metric, table in found.tables.items():
        lines += ["", f"{metric:{width}}  {'mean':>9}  {'95 % interval':>19}  {'rank':>5}  {'behind':>8}  {'p':>6}"]
        for line in table:
            interval = "–" if line.low != line.low else f"{line.low:.3f} … {line.high:.3f}"
            p = "" if line.p != line.p else f"{line.p:.3f}"
            lines.append(
                f"{line.who:{width}}  {line.mean:9.3f}  {interval:>19}  {line.rank:5.2f}  {line.behind:+8.3f}  {p:>6}"
            )
    return "\n".join(lines)


def _finished(folder: Path) -> Finished:
    for name in ("scores.json", "journal.csv", "recipe.yaml"):
        if not (folder / name).is_file():
            raise UsageError(folder, f"is no finished run: it has no {name}", "give folders made by medtrans run")
    scores = json.loads(read_bytes(folder / "scores.json", LARGEST))
    if not scores["cases"]:
        raise UsageError(folder, "has no scored case", "see its report.html")
    last = read_journal(folder / "journal.csv")[-1]
    recipe = load_recipe(folder / "recipe.yaml")
    asked = scores["definition"], scores["cases"]
    return Finished(folder.resolve().name, folder, recipe, *asked, int(last["step"]), last["seconds"] / 60)


def _refuse_difference(one: Finished, other: Finished) -> None:
    for key in {**one.definition, **other.definition}:
        if one.definition.get(key) != other.definition.get(key):
            what = f"{key} is {other.definition.get(key)!r}, in {one.folder} it is {one.definition.get(key)!r}"
            raise UsageError(other.folder, what, "score both alike")
    cases, theirs = ({case["name"] for case in run.cases} for run in (one, other))
    if cases != theirs:
        apart = ", ".join(sorted(cases ^ theirs)[:5])
        raise UsageError(other.folder, f"and {one.folder} were not scored on the same cases: {apart}", "run them alike")


def _beside(found: Comparison) -> list[Beside]:
    """Some cases from the worst to the best by the first metric's mean over runs, with every run's translation."""
    first, *_ = found.runs
    metric = next(iter(found.tables))
    worth = {case["name"]: _number(case["scores"].get(metric)) for case in first.cases}
    order = sorted(worth, key=worth.__getitem__)
    chosen = [order[round(n * (len(order) - 1) / max(PICTURES - 1, 1))] for n in range(PICTURES)]
    cases = {case.name: case for case in cases_of(first.recipe)}
    shown = []
    for name in dict.fromkeys(chosen):
        made = {}
        for run in found.runs:
            text = read_bytes(run.folder / "preparation.json", 1 << 24)
            preparation = Preparation.from_dict(json.loads(text))
            path = run.folder / "translations" / f"{name}.nii.gz"
            made[run.name] = pictured(cases[name], path, run.recipe, preparation)
        shown.append(Beside(name, made))
    return shown


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)

"""Runs beside each other: the same cases, one table, one page of pictures.

Only what was measured alike is compared: runs whose scores differ in preset, range, mask, details, cases or their grids
are refused, and the difference is named.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.settings import did_you_mean
from medtrans.core.strict_json import to_strict_json
from medtrans.core.volume import AFFINE_TOLERANCE
from medtrans.evaluating.segmentation.structures import direction, is_single_class
from medtrans.evaluating.statistics.intervals import FEWEST_FOR_INTERVAL, SHORT
from medtrans.evaluating.statistics.paired import FEWEST_FOR_TEST
from medtrans.evaluating.statistics.ranking import SystemRank, by_subject, holm, rank_systems
from medtrans.evaluating.uncertainty import SENTENCES
from medtrans.preparing.preparation import Preparation
from medtrans.reading.files import read_bytes, write_atomically
from medtrans.reading.formats.nifti import read_grid
from medtrans.recipe import Recipe, load_recipe
from medtrans.reporting.comparison import Beside, render_comparison
from medtrans.stages._judging import pictured
from medtrans.stages.train import cases_of
from medtrans.training.journal import read_journal

LARGEST = 1 << 28
PICTURES = 3
FEW = f"Below {FEWEST_FOR_TEST} subjects no test can reach p < 0.05, below {FEWEST_FOR_INTERVAL} there is no interval."
ENOUGH = 20
"""Subjects from which intervals are as long as they say."""


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
    """Standings by metric, all p corrected together, and the cost of each run."""

    definition: dict[str, Any]
    subjects: int
    runs: tuple[Finished, ...]
    tables: dict[str, list[SystemRank]]
    margins: Mapping[str, float]
    """Metric → the difference to the first that matters to no one."""

    @property
    def few(self) -> str:
        """What is to be said of so few subjects; nothing where there are enough for a test and for an interval."""
        said = [FEW] if self.subjects < FEWEST_FOR_TEST else []
        return " ".join([*said, SHORT] if FEWEST_FOR_INTERVAL <= self.subjects < ENOUGH else said)

    def to_dict(self) -> dict[str, Any]:
        return {
            "definition": self.definition,
            "subjects": self.subjects,
            "few": self.few,
            "margins": dict(self.margins),
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


def compare(folders: Sequence[Path], margins: Mapping[str, float] | None = None) -> Comparison:
    """Runs and the controls of the first; `margins` ask of a metric who is equivalent to the first in rank.

    Raises UsageError where folders are no finished runs, their scores must not be compared, or a margin is none.
    """
    if len(folders) < 2:
        raise UsageError("compare", "one run has nothing beside it", "give two or more run folders")
    runs = [_finished(folder) for folder in folders]
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(twice, "is the name of two run folders", "rename one of them")
    for run in runs[1:]:
        _refuse_difference(runs[0], run)
    system = {run.name: {case["name"]: case["scores"] for case in run.cases} for run in runs}
    for control in runs[0].cases[0].get("controls", {}):
        system[f"control: {control}"] = {
            case["name"]: case["controls"].get(control, {"scores": {}})["scores"] for case in runs[0].cases
        }
    by_all = set.intersection(*(set(run.cases[0]["scores"]) for run in runs))
    measured = [metric for metric in runs[0].cases[0]["scores"] if metric in by_all]
    compared = list(itertools.filterfalse(is_single_class, measured))
    asked = _margins(margins or {}, compared)
    subject = {case["name"]: case.get("subject") or case["name"] for case in runs[0].cases}
    tables = {}
    for metric in compared:
        values = {
            name: by_subject([(subject[case], _number(found.get(metric))) for case, found in cases.items()])
            for name, cases in system.items()
        }
        tables[metric] = rank_systems(values, direction(metric), margin=asked.get(metric, math.nan))
    return Comparison(runs[0].definition, len(set(subject.values())), tuple(runs), holm(tables), asked)


def _margins(margins: Mapping[str, float], measured: Iterable[str]) -> dict[str, float]:
    for metric, margin in margins.items():
        if metric not in measured:
            raise UsageError("--margin", f"{metric!r} is not compared", did_you_mean(metric, measured))
        if not 0 < margin < math.inf:
            raise UsageError("--margin", f"{metric}={margin:g} is no margin", "give a number above 0, set beforehand")
    return dict(margins)


def write_comparison(folder: Path, found: Comparison) -> Path:
    """comparison.csv, comparison.json and comparison.html in `folder`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "comparison.csv", found.to_csv())
    write_atomically(folder / "comparison.json", to_json(found).encode())
    write_atomically(folder / "comparison.html", render_comparison(found.to_dict(), _beside(found)))
    return folder / "comparison.html"


def to_json(found: Comparison) -> str:
    return to_strict_json(found.to_dict())


def to_text(found: Comparison) -> str:
    """One table for each metric; intervals are of 95 %."""
    lines = [f"{found.definition['preset']}, mask: {found.definition['mask']}, n = {found.subjects}"]
    lines += [found.few] if found.few else []
    width = max(len(word) for metric, table in found.tables.items() for word in (metric, *(s.system for s in table)))
    for metric, table in found.tables.items():
        margin = f"p within ±{found.margins[metric]:g}" if metric in found.margins else ""
        head = f"{'mean':>9}  {'interval':>19}  {'place':>10}  {'behind':>8}  {'interval':>19}  {'p':>6}  {'effect':>6}"
        lines += ["", f"{metric:{width}}  {head}  {margin}".rstrip()]
        lines += [_row(line, width, first=line is table[0]) for line in table]
    return "\n".join(lines)


def _row(line: SystemRank, width: int, *, first: bool) -> str:
    place = f"{line.place} ({_ends(line.place_low, line.place_high, 0)})"
    cells = [f"{line.system:{width}}", f"{line.mean:9.3f}", f"{_ends(line.low, line.high):>19}", f"{place:>10}"]
    if not first:
        cells += [f"{line.behind:+8.3f}", f"{_ends(line.behind_low, line.behind_high):>19}"]
        cells += [f"{_or_nothing(line.p):>6}", f"{_or_nothing(line.effect, 2):>6}", _or_nothing(line.equivalent)]
    return "  ".join([*cells, line.note]).rstrip()


def _ends(low: float, high: float, digits: int = 3) -> str:
    return "–" if math.isnan(low) else f"{low:.{digits}f} … {high:.{digits}f}"


def _or_nothing(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


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
    meanings = _without_spreads(one.definition), _without_spreads(other.definition)
    for key in meanings[0] | meanings[1]:
        ours, theirs = (meaning.get(key) for meaning in meanings)
        if ours != theirs:
            what = f"{key} is {theirs!r}, in {one.folder} it is {ours!r}"
            for said, others, where in ((theirs, ours, other), (ours, theirs, one)):
                if key == "details" and (alone := [line for line in said or () if line not in (others or ())]):
                    what = f"only {where.folder} was scored with {alone[0]!r}"
            raise UsageError(other.folder, what, "score both alike")
    cases, theirs = ({case["name"] for case in run.cases} for run in (one, other))
    if cases != theirs:
        apart = ", ".join(sorted(cases ^ theirs)[:5])
        raise UsageError(other.folder, f"and {one.folder} were not scored on the same cases: {apart}", "run them alike")
    for case in sorted(cases):
        _refuse_other_grid(one, other, case)
        _refuse_other_voxels(one, other, case)


def _refuse_other_voxels(one: Finished, other: Finished, case: str) -> None:
    """Where both say which target and mask they were scored on."""
    ours, theirs = (
        next(found.get("scored_on", {}) for found in run.cases if found["name"] == case) for run in (one, other)
    )
    for role in ours.keys() & theirs.keys():
        if ours[role] != theirs[role]:
            what = f"{case} was scored on another {role} than in {one.folder}"
            raise UsageError(other.folder, what, "give both the same files, evaluating.within and preparing.body")


def _without_spreads(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A spread is scored besides, and only where answers are drawn: that makes the other scores no different."""
    return {
        key: [line for line in value if line not in SENTENCES] if key == "details" else value
        for key, value in definition.items()
    }


def _refuse_other_grid(one: Finished, other: Finished, case: str) -> None:
    """Where both translations lie there to be asked."""
    paths = [run.folder / "translations" / f"{case}.nii.gz" for run in (one, other)]
    if not all(path.is_file() for path in paths):
        return
    (shape, affine), (their_shape, their_affine) = map(read_grid, paths)
    if shape != their_shape or not np.allclose(affine, their_affine, rtol=0, atol=AFFINE_TOLERANCE):
        words = [
            " x ".join(f"{side:.3g}" for side in np.linalg.norm(a[:3, :3], axis=0)) + f" mm, {' x '.join(map(str, s))}"
            for s, a in ((their_shape, their_affine), (shape, affine))
        ]
        what = f"{case} has another grid: {words[0]} voxels, in {one.folder} {words[1]} voxels"
        raise UsageError(other.folder, what, "score both on the same volumes")


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

"""Quality against mismatch: models of mismatch_sweep, tested on degradations that they were not trained with.

    python pipelines/mismatch_sweep/sweep.py runs/fixed runs/randomised -o sweep

The test cases of the first run are degraded in each way, translated by each model, and scored beside interpolation,
which is the degraded image itself. Where the degradation is linear, each model is also made to agree with its source
(data consistency): it then knows the operator of the test. Writes sweep.csv (one row for each case), sweep.md (table)
and sweep.png (figure).
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.batching.translate_files import translate_files
from medtrans.cli.degradation_words import parse_step
from medtrans.cli.exit_codes import install_handlers, report_error
from medtrans.core.case import Case
from medtrans.core.errors import MedtransError
from medtrans.degradations._combinations import names_in
from medtrans.degradations._record import linear_names
from medtrans.evaluating.run_cases import RunCase
from medtrans.evaluating.scoring import ScoringTask, score_cases
from medtrans.reading.storage import write_atomically
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.translating.translator import Translator

THICKNESSES = (2, 3, 4, 5, 6, 7, 8, 10)
TRAINED = 5
"""Mm: the one degradation of the recipe."""
OTHERS = {
    "box profile": ("other kind", ["thick_slices:millimetres=5,profile=box"]),
    "gap of 2 mm": ("other kind", ["thick_slices:millimetres=5,gap=2"]),
    "coronal": ("other kind", ["thick_slices:millimetres=5,plane=coronal"]),
    "blur of 5 mm": ("other kind", ["blur:millimetres=5"]),
    "k-space of 3 mm": ("other kind", ["low_resolution:millimetres=3"]),
    "SNR 20": ("chain", ["thick_slices:millimetres=5", "rician_noise:snr=20"]),
    "bias field": ("chain", ["thick_slices:millimetres=5", "bias_field:strength=0.3"]),
    "motion": ("chain", ["motion:millimetres=2", "thick_slices:millimetres=5"]),
}
"""Name → how it differs from the training, and the chain in words of the command line."""
INTERPOLATION = "interpolation"
CONSISTENT = ", consistent"
"""Ends the name of a model with data consistency."""
METRICS = ("psnr", "mae", "ssim")
OPERATOR_METRICS = {"measurement_residual": "measurement residual", "null_space_share": "null-space share of the error"}
MEASURE = "psnr"
"""The metric of the figure."""

Found = tuple[str, str, str, float]
"""System, case, metric, value."""


@dataclass(frozen=True)
class Row:
    """One score of one case."""

    degradation: str
    mismatch: str
    system: str
    case: str
    metric: str
    value: float


def degradations() -> dict[str, tuple[str, list[str]]]:
    """Name → kind of mismatch, chain; from weaker to stronger, then the other kinds."""
    ladder = {}
    for mm in THICKNESSES:
        kind = "same" if mm == TRAINED else "weaker" if mm < TRAINED else "stronger"
        ladder[f"{mm} mm"] = kind, [f"thick_slices:millimetres={mm}"]
    return ladder | OTHERS


def sweep(folders: Sequence[Path], output: Path) -> list[Row]:
    """Degrade, translate and score. Raises MedtransError."""
    runs = {folder.name: RunFolder(folder) for folder in folders}
    first = next(iter(runs))
    recipe = load_recipe(runs[first].recipe)
    tested = [case for case in recipe.cases() if case.split == "test"]
    translators = {name: Translator.load(run.model).with_settings(grid="source") for name, run in runs.items()}
    translators |= {name + CONSISTENT: one.with_settings(data_consistency=0.0) for name, one in translators.items()}
    rows: list[Row] = []
    for name, (kind, chain) in degradations().items():
        place = output / name.replace(" ", "_")
        degrading = replace(recipe.degrading, chain=tuple(parse_step(words) for words in chain))
        cases, _ = run_cases(replace(recipe, degrading=degrading), RunFolder(place), tested)
        linear = len(chain) == 1 and names_in(degrading.chain)[0] in linear_names()
        for system, translator in translators.items():
            if system.endswith(CONSISTENT) and not linear:
                continue
            labels = {"translated": system, **({"copied source": INTERPOLATION} if system == first else {})}
            found = scored(recipe, cases, translator, place / system)
            rows += [
                Row(name, kind, labels[score_of], case, metric, value)
                for score_of, case, metric, value in found
                if score_of in labels and metric in (*METRICS, *OPERATOR_METRICS)
            ]
    return rows


def scored(recipe: Recipe, cases: Sequence[Case], translator: Translator, output: Path) -> list[Found]:
    """The scores of the translations of all cases, and of their sources."""
    names, masks = [case.name for case in cases], [case.mask for case in cases]
    how = {"names": names, "masks": masks, "mask_label": cases[0].mask_label}
    outcomes = translate_files([case.sources for case in cases], output, translator, resume=True, **how)
    translated = {name: outcome.output for name, outcome in zip(names, outcomes, strict=True) if outcome.output}
    evaluating, preparation = recipe.evaluating, translator.preparation
    task = ScoringTask(evaluating.preset, evaluating.region, evaluating.metrics, ())
    done = [case for case in cases if case.name in translated]
    scoring = (RunCase(case, translated[case.name], preparation, evaluating.region) for case in done)
    scores = score_cases(scoring, task, failed={}).scores
    return [(score.system, score.case, score.metric.label, score.value) for score in scores]


def means(rows: Sequence[Row], metric: str) -> dict[str, dict[str, float]]:
    """Degradation → system → mean over the cases."""
    values: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row.metric == metric:
            values.setdefault(row.degradation, {}).setdefault(row.system, []).append(row.value)
    return {name: {system: fmean(some) for system, some in of.items()} for name, of in values.items()}


def table(rows: Sequence[Row]) -> str:
    """Markdown: the mean of each system; a model that does not beat interpolation is marked."""
    count = len({row.case for row in rows})
    parts = [_table(rows, MEASURE, f"{MEASURE.upper()} in dB, {count} test cases", lambda value: f"{value:.2f}")]
    for metric, words in OPERATOR_METRICS.items():
        parts.append(_table(rows, metric, f"{words}, where it is linear", lambda value: f"{100 * value:.2g} %"))
    return "\n".join(parts)


def _table(rows: Sequence[Row], metric: str, head: str, text: Callable[[float], str]) -> str:
    kinds = {row.degradation: row.mismatch for row in rows}
    systems = list(dict.fromkeys(row.system for row in rows))
    systems = [INTERPOLATION, *(system for system in systems if system != INTERPOLATION)]
    lines = [f"| {head} | mismatch | {' | '.join(systems)} |", "|---" * (len(systems) + 2) + "|"]
    for name, of in means(rows, metric).items():
        beaten = {one for one in systems[1:] if metric == MEASURE and one in of and of[one] <= of[INTERPOLATION]}
        cells = [text(of[one]) + (" (beaten)" if one in beaten else "") if one in of else "–" for one in systems]
        lines.append(f"| {name} | {kinds[name]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def figure(rows: Sequence[Row]) -> bytes:
    """PNG: curves over the thickness, and dots for the other degradations."""
    by_name = means(rows, MEASURE)
    with mpl.rc_context({"font.size": 9}):
        chart = Figure(figsize=(9.5, 3.8), layout="constrained")
        FigureCanvasAgg(chart)
        left, right = chart.subplots(1, 2, sharey=True)
        for number, system in enumerate(next(iter(by_name.values()))):
            style = {"color": "0.5" if system == INTERPOLATION else f"C{number}", "label": system}
            left.plot(THICKNESSES, [by_name[f"{mm} mm"][system] for mm in THICKNESSES], marker="o", **style)
            right.plot(list(OTHERS), [by_name[name].get(system, math.nan) for name in OTHERS], "o", **style)
        left.axvline(TRAINED, color="0.8", linestyle="--", zorder=0)
        left.set(xlabel="thickness of the test slices in mm (dashed: trained with)", ylabel=f"{MEASURE.upper()} in dB")
        right.set_xticks(range(len(OTHERS)), list(OTHERS), rotation=35, ha="right")
        right.grid(axis="y", color="0.9")
        left.legend()
        chart.savefig(data := io.BytesIO(), dpi=110)
    return data.getvalue()


def to_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(Row.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(vars(row) for row in rows)
    return text.getvalue()


def write(rows: Sequence[Row], output: Path) -> Mapping[str, Path]:
    """The three files."""
    contents = {"sweep.csv": to_csv(rows).encode(), "sweep.md": table(rows).encode(), "sweep.png": figure(rows)}
    for name, content in contents.items():
        write_atomically(output / name, content)
    return {name: output / name for name in contents}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="run folders of mismatch_sweep")
    parser.add_argument("--output", "-o", type=Path, default=Path("sweep"), help="folder of the results")
    options = parser.parse_args()
    install_handlers()
    try:
        found = sweep(options.folders, options.output)
        write(found, options.output)
        sys.stdout.write(table(found))
    except (MedtransError, OSError) as reason:
        sys.exit(report_error(reason))

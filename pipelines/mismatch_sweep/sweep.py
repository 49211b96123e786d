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
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.batching.degraded_sources import read_measured
from medtrans.batching.translate_files import translate_files
from medtrans.cli.degradation_words import parse_step
from medtrans.cli.exit_codes import run_script
from medtrans.core.case import Case
from medtrans.core.modality import find_modality
from medtrans.degradations._combinations import names_in
from medtrans.degradations._record import linear_names
from medtrans.evaluating.run_cases import RunCase
from medtrans.evaluating.scoring import ScoringTask, score_cases
from medtrans.reading.names import sidecar_path
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.translating.total_variation import total_variation
from medtrans.translating.translator import Translator

THICKNESSES = (2, 3, 4, 5, 6, 8, 10)
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
TOTAL_VARIATION = "total variation"
ITERATIONS = 60
"""Of total variation, a third of the usual number: it is solved for each case of each degradation."""
METRICS = ("psnr", "mae", "ssim")
OPERATOR_METRICS = {"measurement_residual": "measurement residual", "null_space_share": "null-space share of the error"}
MEASURE = "psnr"
"""The metric of the figure."""
COLOURS = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
"""Of the models: told apart by colour-blind readers, https://doi.org/10.1038/nmeth.1618"""

SHOWN_DB = -4.0, 4.0
"""Gains that the figure reaches; larger ones, as where slices are no thicker than voxels, are in the table."""


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


def sweep(folders: Sequence[Path], output: Path, weight: float = 0.0, most: int | None = None) -> list[Row]:
    """Degrade, translate and score `most` cases; with a `weight` total variation, too. Raises MedtransError."""
    runs = {folder.name: RunFolder(folder) for folder in folders}
    first = next(iter(runs))
    recipe = load_recipe(runs[first].recipe)
    tested = [case for case in recipe.cases() if case.split == "test"][:most]
    translators = {name: Translator.load(run.model).with_settings(grid="source") for name, run in runs.items()}
    translators |= {name + CONSISTENT: one.with_settings(data_consistency=0.0) for name, one in translators.items()}
    rows: list[Row] = []
    for name, (kind, chain) in degradations().items():
        place = output / name.replace(" ", "_")
        degrading = replace(recipe.degrading, chain=tuple(parse_step(words) for words in chain))
        cases, _ = run_cases(replace(recipe, degrading=degrading), RunFolder(place), tested)
        linear = len(chain) == 1 and names_in(degrading.chain)[0] in linear_names()
        for system, translator in translators.items():
            if linear or not system.endswith(CONSISTENT):
                scoring = translated(recipe, cases, translator, place / system)
                labels = {"translated": system, **({"copied source": INTERPOLATION} if system == first else {})}
                rows += scored(recipe, scoring, name, kind, labels)
        if linear and weight:
            scoring = by_total_variation(recipe, cases, weight, place / TOTAL_VARIATION, translator)
            rows += scored(recipe, scoring, name, kind, {"translated": TOTAL_VARIATION})
    return rows


def translated(recipe: Recipe, cases: Sequence[Case], translator: Translator, output: Path) -> list[RunCase]:
    """The cases as a model restores them."""
    names, masks = [case.name for case in cases], [case.mask for case in cases]
    how = {"names": names, "masks": masks, "mask_label": cases[0].mask_label}
    outcomes = translate_files([case.sources for case in cases], output, translator, resume=True, **how)
    return [
        RunCase(case, outcome.output, translator.preparation, recipe.evaluating.region)
        for case, outcome in zip(cases, outcomes, strict=True)
        if outcome.output
    ]


class InSourceUnit(RunCase):
    """A case that is restored without a model, in the unit of its source."""

    in_source_unit = True


def by_total_variation(
    recipe: Recipe, cases: Sequence[Case], weight: float, output: Path, translator: Translator
) -> list[RunCase]:
    """The cases as total variation restores them, which knows the operator and needs no training."""
    for case in cases:
        if not (file := output / f"{case.name}.nii.gz").exists():
            source, how = read_volume(case.sources[0]), read_measured(sidecar_path(case.sources[0]))
            modality = find_modality(recipe.reading.target_modality)
            write_volume(total_variation(source, how, weight, modality, iterations=ITERATIONS), file)
    how = translator.preparation, recipe.evaluating.region
    return [InSourceUnit(case, output / f"{case.name}.nii.gz", *how) for case in cases]


def scored(recipe: Recipe, scoring: Sequence[RunCase], name: str, kind: str, labels: Mapping[str, str]) -> list[Row]:
    """The scores of those systems that have a label, as rows."""
    task = ScoringTask(recipe.evaluating.preset, recipe.evaluating.region, recipe.evaluating.metrics, ())
    return [
        Row(name, kind, labels[score.system], score.case, score.metric.label, score.value)
        for score in score_cases(scoring, task, failed={}).scores
        if score.system in labels and score.metric.label in (*METRICS, *OPERATOR_METRICS)
    ]


def means(rows: Sequence[Row], metric: str) -> dict[str, dict[str, float]]:
    """Degradation → system → mean over the cases."""
    values: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row.metric == metric:
            values.setdefault(row.degradation, {}).setdefault(row.system, []).append(row.value)
    return {name: {system: fmean(some) for system, some in of.items()} for name, of in values.items()}


def gains(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """System → degradation → case → by how much it exceeds interpolation of the same case, in dB."""
    values = {(row.degradation, row.case, row.system): row.value for row in rows if row.metric == MEASURE}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (name, case, system), value in values.items():
        if system != INTERPOLATION:
            gain = value - values[name, case, INTERPOLATION]
            found.setdefault(system, {}).setdefault(name, {})[case] = gain
    return found


def table(rows: Sequence[Row]) -> str:
    """Markdown: where each system breaks; the mean of each, marked where it does not beat interpolation."""
    count = len({row.case for row in rows})
    parts = [breaks(rows), _table(rows, MEASURE, f"{MEASURE.upper()} in dB, {count} test cases", lambda v: f"{v:.2f}")]
    for metric, words in OPERATOR_METRICS.items():
        parts.append(_table(rows, metric, f"{words}, where it is linear", lambda value: f"{100 * value:.1f} %"))
    return "\n".join(parts)


def breaks(rows: Sequence[Row]) -> str:
    """Markdown: gain of each system over interpolation by kind of mismatch, and the degradations where a case loses."""
    kinds = dict.fromkeys(row.mismatch for row in rows)
    kind_of = {row.degradation: row.mismatch for row in rows}
    lines = [f"| gain over interpolation in dB | {' | '.join(kinds)} | worst case | beaten in a case of |"]
    lines.append("|---" * (len(kinds) + 3) + "|")
    for system, of in gains(rows).items():
        values = [(kind_of[name], gain) for name, some in of.items() for gain in some.values()]
        by_kind = [[gain for kind, gain in values if kind == one] for one in kinds]
        means_of = [f"{fmean(some):+.2f}" if some else "–" for some in by_kind]
        least = {name: min(some.values()) for name, some in of.items()}
        worst = min(least, key=least.__getitem__)
        beaten = ", ".join(name for name, gain in least.items() if gain <= 0) or "none"
        lines.append(f"| {system} | {' | '.join(means_of)} | {least[worst]:+.2f} ({worst}) | {beaten} |")
    return "\n".join(lines) + "\n"


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
    """PNG: gain over interpolation, mean and range of the cases; curves over the thickness, dots for the others."""
    found = gains(rows)
    models = [system for system in found if not system.endswith(CONSISTENT) and system != TOTAL_VARIATION]
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        chart = Figure(figsize=(10, 4.8), layout="constrained")
        FigureCanvasAgg(chart)
        left, right = chart.subplots(1, 2, sharey=True)
        for number, (system, of) in enumerate(found.items()):
            model = system.removesuffix(CONSISTENT)
            colour = COLOURS[models.index(model) % len(COLOURS)] if model in models else "0.45"
            style = {"color": colour, "mfc": colour if model == system else "white", "label": system}
            style |= {"marker": "o" if model in models else "s"}
            shift = 0.8 * (number - (len(found) - 1) / 2) / len(found)
            curve = [(mm + 0.3 * shift, of.get(f"{mm} mm")) for mm in THICKNESSES]
            _draw(left, curve, {**style, "linestyle": "-" if model == system else "--"})
            dots = [(place + shift, of.get(name)) for place, name in enumerate(OTHERS)]
            _draw(right, dots, {**style, "linestyle": ""})
        _frame(left, right)
        chart.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=8, frameon=False)
        chart.savefig(data := io.BytesIO(), dpi=110)
    return data.getvalue()


def _frame(left: Axes, right: Axes) -> None:
    """Axes, titles, and where a system is beaten."""
    for axes in (left, right):
        lowest, highest = axes.get_ylim()
        lowest = max(min(lowest, -0.5), SHOWN_DB[0])
        axes.set_ylim(lowest, min(highest, SHOWN_DB[1]))
        axes.axhspan(lowest, 0, color="0.95", zorder=-2)
        axes.axhline(0, color="0.3", linewidth=1, zorder=-1)
        axes.grid(axis="y", color="0.9", zorder=-1)
    left.annotate("beaten by interpolation", (0.45, 0.02), xycoords="axes fraction", color="0.35", fontsize=8)
    left.axvline(TRAINED, color="0.6", linestyle=":", zorder=-1)
    left.set(title="slices of another thickness", xlabel="thickness in mm (dotted: that of the recipe mismatch_sweep)")
    left.set_ylabel(f"{MEASURE.upper()} above interpolation in dB (what lies beyond: table)")
    right.set_title("other kinds of degradation, and chains")
    right.set_xticks(range(len(OTHERS)), list(OTHERS), rotation=35, ha="right")
    for place in range(1, len(OTHERS)):
        right.axvline(place - 0.5, color="0.85", linewidth=0.8, zorder=-2)


def _draw(axes: Axes, points: Sequence[tuple[float, Mapping[str, float] | None]], style: dict[str, str]) -> None:
    """Means as markers, the range over the cases as a thin line through each."""
    there = [(x, list(of.values())) for x, of in points if of]
    axes.plot([x for x, _ in there], [fmean(values) for _, values in there], ms=5, **style)
    for x, values in there:
        axes.vlines(x, min(values), max(values), style["color"], lw=0.8)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="run folders of mismatch_sweep")
    parser.add_argument("--output", "-o", type=Path, default=Path("sweep"), help="folder of the results")
    parser.add_argument("--total-variation", type=float, default=0.0, help="its weight; 0 leaves this baseline out")
    parser.add_argument("--cases", type=int, help="test cases at most; default: all")
    options = parser.parse_args()
    found = sweep(options.folders, options.output, options.total_variation, options.cases)
    write(found, options.output)
    sys.stdout.write(table(found))


if __name__ == "__main__":
    run_script(main)

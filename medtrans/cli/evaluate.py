"""medtrans evaluate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Threads


@app.command()
def evaluate(
    translated: Annotated[Path, typer.Option(help="A translated volume, or a folder of them.")],
    target: Annotated[Path, typer.Option(help="The real volume, or a folder of them with the same names.")],
    preset: Annotated[str, typer.Option(help="Which definition of the numbers: see `medtrans list presets`.")],
    mask: Annotated[Path | None, typer.Option(help="Voxels that count: a volume, or a folder.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC", help="A further metric: a name or '{name: nmi, bins: 32}'; see `medtrans list metrics`."
        ),
    ] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(help="Also score predicted standard deviations: a volume, or a folder.")
    ] = None,
    segmenter: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A segmenter's model folder, applied to translations and targets."),
    ] = None,
    label_maps: Annotated[
        Path | None, typer.Option(help="Instead: label maps of the translations, by any segmenter …")
    ] = None,
    reference_labels: Annotated[
        Path | None, typer.Option(help="… and of the targets; with a segmenter, the true label maps of the targets.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="AB|HN|TH|total|FILE|TABLE", help="Labels that count, as '{liver: 5, kidneys: [2, 3]}'."),
    ] = None,
    surface_tolerance: Annotated[float, typer.Option(min=0, help="Of the surface Dice, in mm.")] = 2.0,
    threads: Threads = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the scores as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write a page, CSV, JSON, LaTeX.")] = None,
    source: Annotated[
        Path | None,
        typer.Option(help="The source volumes: a baseline if of the target's modality, and shown on the page."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score translations against targets, and define every number."""
    from medtrans.evaluating.results import to_json, to_text
    from medtrans.evaluating.segmentation import segmenter as segmenting
    from medtrans.stages import run as stages

    use_threads(threads)
    judge = segmenting.of_words(segmenter, label_maps, reference_labels, labels, surface_tolerance)
    evaluation = stages.evaluate(
        translated,
        target,
        mask,
        preset,
        output,
        also=_metrics(metric or []),
        spread=uncertainty,
        downstream=judge,
        report=report,
        source=source,
    )
    print(to_json(evaluation) if as_json else to_text(evaluation), end="")
    for name, why in evaluation.refused.items():
        print(f"medtrans: error: {name}: {why}", file=sys.stderr)
    if evaluation.refused:
        raise typer.Exit(1 if evaluation.scores else 3)


def _metrics(words: list[str]) -> list[Any]:
    """Names, and tables of a name and settings; only tables need pydantic, which checks their types and bounds."""
    from medtrans.core.yaml_text import parse_word

    specs = [parse_word(word, f"--metric {word}") for word in words]
    if not any(isinstance(spec, dict) for spec in specs):
        return specs
    from medtrans.recipe import check_metrics

    return list(check_metrics(specs, "--metric"))

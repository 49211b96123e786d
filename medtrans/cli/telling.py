"""Verbs that tell: what is wrong, how good it is, what there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Changes, Threads, numbers, use_threads


@app.command()
def check(
    path: Annotated[str, typer.Argument(metavar="PATH|RECIPE", help="A volume, a folder, a recipe or a pipeline.")],
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """List what is wrong with volumes or with the cases of a recipe. Writes nothing."""
    from medtrans.stages import run as stages

    findings = stages.check(path, changes or [])
    if as_json:
        print(json.dumps([vars(finding) for finding in findings], indent=1))
    else:
        print(stages.findings_as_text(findings))
    if any(finding.severity == "refuse" for finding in findings):
        raise typer.Exit(3)


@app.command()
def evaluate(
    translated: Annotated[Path, typer.Option(help="A translated volume, or a folder of them.")],
    target: Annotated[Path, typer.Option(help="The real volume, or a folder of them with the same names.")],
    preset: Annotated[str, typer.Option(help="Which definition of the numbers: see `medtrans list presets`.")],
    mask: Annotated[Path | None, typer.Option(help="Voxels that count: a volume, or a folder.")] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="Besides: a name or '{name: nmi, bins: 32}'; see `medtrans list metrics`."),
    ] = None,
    spread: Annotated[
        Path | None, typer.Option(help="Score the spreads that translations came with: a volume, or a folder.")
    ] = None,
    downstream: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A segmenter's model folder: is in the translation what is in the target?"),
    ] = None,
    labels_translated: Annotated[
        Path | None, typer.Option(help="Instead: label maps of the translations, by any segmenter …")
    ] = None,
    labels_target: Annotated[
        Path | None, typer.Option(help="… and of the targets; beside a segmenter, the reference it is held against.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(metavar="AB|HN|TH|total|FILE|TABLE", help="Labels that count, as '{liver: 5, kidneys: [2, 3]}'."),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, help="Of the surface Dice, in mm.")] = 2.0,
    threads: Threads = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the scores as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write a page, CSV, JSON, LaTeX.")] = None,
    source: Annotated[
        Path | None,
        typer.Option(help="What they were made of: a control if of one kind, and on the page."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score translations against targets, and define every number."""
    from medtrans.core.yaml_text import parse_word
    from medtrans.evaluating.results import to_json, to_text
    from medtrans.evaluating.segmentation import segmenter as segmenting
    from medtrans.stages import run as stages

    asked = [parse_word(word, f"--also {word}") for word in also or []]
    use_threads(threads)
    judge = segmenting.of_words(downstream, labels_translated, labels_target, classes, tolerance)
    evaluation = stages.evaluate(
        translated,
        target,
        mask,
        preset,
        output,
        also=asked,
        spread=spread,
        downstream=judge,
        report=report,
        source=source,
    )
    print(to_json(evaluation) if as_json else to_text(evaluation), end="")
    for name, why in evaluation.refused.items():
        print(f"medtrans: error: {name}: {why}", file=sys.stderr)
    if evaluation.refused:
        raise typer.Exit(1 if evaluation.scores else 3)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Finished run folders, scored on the same cases.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for a page, CSV and JSON.")] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option("--margin", metavar="METRIC=NUMBER", help="A difference, set beforehand, that matters to no one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Runs beside each other: intervals, ranks, differences. With -o also pictures of the same slices."""
    from medtrans.stages import compare as comparing

    found = comparing.compare(runs, numbers(margin, "--margin"))
    # Written before it is told: a reader such as `head` may not listen to the end.
    page = comparing.write_comparison(output, found) if output is not None else None
    print(comparing.to_json(found) if as_json else comparing.to_text(found))
    if page and not as_json:
        print(f"\npage: {page}")


@app.command()
def distances(
    made: Annotated[Path, typer.Argument(metavar="MADE", help="A folder of made volumes.")],
    real: Annotated[Path, typer.Argument(metavar="REAL", help="A folder of real ones, best of other patients.")],
    extractor: Annotated[
        str,
        typer.Option(
            metavar="radiomics|random|MODEL|FILE",
            help="What they are seen through; a segmenter's folder, or a network in TorchScript.",
        ),
    ] = "radiomics",
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal, sagittal or volume; default: the model's own, or axial.")
    ] = None,
    slices: Annotated[int, typer.Option(min=1, help="Slices of each volume, evenly from the body.")] = 8,
    spacing: Annotated[float | None, typer.Option(min=0.05, help="Bring all to voxels of so many mm first.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the halves and exchanges that are drawn.")] = 0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the table as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """How far two sets of volumes are apart, beside real halves. Fréchet, KID, MMD, precision, recall."""
    from medtrans.reading.files import write_atomically
    from medtrans.stages.distances import measure

    found = measure(made, real, extractor, plane, slices=slices, spacing=spacing, seed=seed)
    if output is not None:
        write_atomically(output, found.to_csv())
    print(found.to_json() if as_json else found.to_text(), end="")
    for name, why in found.refused.items():
        print(f"medtrans: error: {name}: {why}", file=sys.stderr)
    if found.refused:
        raise typer.Exit(1)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="methods, metrics, networks, presets or pipelines.")],
    as_json: AsJson = False,
) -> None:
    """What there is: name, one line, source."""
    from medtrans import catalogue

    entries = catalogue.entries(what)
    print(json.dumps([vars(e) for e in entries], indent=1) if as_json else catalogue.to_text(entries))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Versions, devices, extras and limits: send it with a question."""
    from medtrans.doctor import doctor as facts_of_machine

    facts = facts_of_machine()
    print(json.dumps(facts, indent=1) if as_json else "\n".join(f"{name:24} {value}" for name, value in facts.items()))

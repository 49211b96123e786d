"""medtrans degrade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.degradation_words import parse_step
from medtrans.cli.options import AsJson, Overwrite
from medtrans.core.log import log_findings
from medtrans.core.printable import printable


@app.command()
def degrade(
    source: Annotated[Path, typer.Option("--input", "-i", help="A volume, or a folder of volumes.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    chain: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME[:KEY=VALUE,…]",
            help="A degradation; again for a chain. A value is a number, a range such as 3..8, or a word. "
            "'A|B' is one of both, A@0.3 is A with a probability.",
        ),
    ] = None,
    modality: Annotated[
        str | None, typer.Option(help="MR, CT or PET; default: the only one that has these degradations.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn.")] = 0,
    replay: Annotated[
        Path | None, typer.Option(metavar="SIDECAR", help="Apply what this sidecar records, instead of --with.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Label map of the volume (numbers of FreeSurfer), or the folder of those: low_field."),
    ] = None,
    keep_grid: Annotated[
        bool, typer.Option("--keep-grid", help="Interpolate thick slices and the like back to the grid of the input.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Degrade volumes: thick slices, noise, motion, low dose … See medtrans list degradations."""
    from medtrans.stages.degrade import degrade

    if bool(chain) == bool(replay):
        raise typer.BadParameter("give either --with, or --replay")
    steps = [parse_step(text) for text in chain or []]
    how = {"modality": modality, "seed": seed, "replay": replay, "labels": labels}
    results = degrade(source, output, steps, **how, keep_grid=keep_grid, overwrite=overwrite)  # type: ignore[arg-type]
    if as_json:
        print(json.dumps([result.to_dict() for result in results], indent=1))
    for result in results:
        if not as_json and result.output:
            print(printable(str(result.output)))
        log_findings(result.findings)
    if any(result.output is None for result in results):
        raise typer.Exit(1)

"""medtrans degrade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.findings import print_findings
from medtrans.cli.options import AsJson, Overwrite
from medtrans.core.printable import printable

if TYPE_CHECKING:
    from medtrans.core.degradation import Degradation


@app.command()
def degrade(
    source: Annotated[Path, typer.Option("--input", "-i", help="A volume, or a folder of volumes.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    chain: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME[:KEY=VALUE,…]",
            help="A degradation; again for a chain. A value is a number, a range such as 3..8, or a word.",
        ),
    ] = None,
    modality: Annotated[
        str | None, typer.Option(help="MR, CT or PET; default: the only one that has these degradations.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn.")] = 0,
    replay: Annotated[
        Path | None, typer.Option(metavar="SIDECAR", help="Apply what this sidecar records, instead of --with.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Degrade volumes: thick slices, noise, motion, low dose … See medtrans list degradations."""
    from medtrans.stages.degrade import degrade

    if bool(chain) == bool(replay):
        raise typer.BadParameter("give either --with, or --replay")
    steps = [_parsed(text) for text in chain or []]
    results = degrade(source, output, steps, modality=modality, seed=seed, replay=replay, overwrite=overwrite)
    if as_json:
        print(json.dumps([result.to_dict() for result in results], indent=1))
    for result in results:
        if not as_json and result.output:
            print(printable(str(result.output)))
        print_findings(result.findings)
    if any(result.output is None for result in results):
        raise typer.Exit(1)


def _parsed(text: str) -> Degradation:
    """NAME:KEY=VALUE,KEY=VALUE. Raises UsageError with the nearest known name."""
    from medtrans import degradations

    name, _, rest = text.partition(":")
    values: dict[str, Any] = {}
    for pair in filter(None, rest.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--with {text}: {pair} is not KEY=VALUE")
        values[key.strip()] = _value(value.strip())
    return degradations.load(name.strip()).from_dict(values, name.strip())


def _value(text: str) -> Any:
    """A number, a range of two numbers, true or false, or a word."""
    low, dots, high = text.partition("..")
    try:
        return [_number(low), _number(high)] if dots else _number(text)
    except ValueError:
        return {"true": True, "false": False}.get(text.lower(), text)


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)

"""medtrans compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, numbers


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Finished run folders, scored on the same cases.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for a page, CSV and JSON.")] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option("--equivalence-margin", metavar="METRIC=NUMBER", help="A pre-specified equivalence margin."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare runs: intervals, ranks, paired differences. With -o also images of the same slices."""
    from medtrans.stages.compare import compare, to_json, to_text, write_comparison

    comparison = compare(runs, numbers(margin, "--equivalence-margin"))
    # Written before anything is printed: a reader of the pipe, such as `head`, may close it.
    page = write_comparison(output, comparison) if output is not None else None
    print(to_json(comparison) if as_json else to_text(comparison))
    if page and not as_json:
        print(f"\npage: {page}")

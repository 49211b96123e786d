"""medtrans compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite, numbers


@app.command()
def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER...", help="Finished runs, or folders of evaluate --report, of the same cases."),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for page, CSV, JSON, LaTeX.")] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option("--equivalence-margin", metavar="METRIC=NUMBER", help="A pre-specified equivalence margin."),
    ] = None,
    overwrite: Overwrite = False,
    primary: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="A metric that is tested, named in advance; default: the preset's first."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare scored folders: intervals, ranks, paired differences. With -o also images of the same slices."""
    from medtrans.batching.outputs import plan_outputs
    from medtrans.evaluating.comparison import compared_metrics
    from medtrans.stages._evaluation_outputs import comparison_outputs
    from medtrans.stages._scored_folders import scored_folders

    margins = numbers(margin, "--equivalence-margin")
    if output is not None:
        plan_outputs(comparison_outputs(output), overwrite=overwrite)
    compared_metrics({one.name: one.evaluation for one in scored_folders(folders)}, margins, primary or ())
    from medtrans.stages.compare import compare, to_json, to_text, write_comparison  # Loads torch, which takes seconds.

    comparison = compare(folders, margins, primary or ())
    # Written before anything is printed: a reader of the pipe, such as `head`, may close it.
    page = write_comparison(output, comparison, overwrite=overwrite) if output is not None else None
    print(to_json(comparison) if as_json else to_text(comparison))
    if page and not as_json:
        print(f"\npage: {page}")

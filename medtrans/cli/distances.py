"""medtrans distances."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite
from medtrans.core.log import log_findings


@app.command()
def distances(
    generated: Annotated[Path, typer.Argument(metavar="GENERATED", help="A folder of generated volumes.")],
    real: Annotated[Path, typer.Argument(metavar="REAL", help="A folder of real volumes, best of other patients.")],
    extractor: Annotated[
        str,
        typer.Option(
            metavar="radiomics|random|MODEL|FILE",
            help="Feature extractor; a segmenter, by its model folder or a shipped one's name, or a TorchScript file.",
        ),
    ] = "radiomics",
    plane: Annotated[
        str | None, typer.Option(help="axial, coronal, sagittal or volume; default: that of the model, or axial.")
    ] = None,
    slices: Annotated[int, typer.Option(min=1, help="Slices of each volume, evenly spaced in the body.")] = 8,
    spacing: Annotated[float | None, typer.Option(min=0.05, help="Resample to voxels of so many mm first.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random halves and permutations.")] = 0,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the table as CSV.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Distances of two sets of volumes, beside those of real halves. Fréchet, KID, MMD, precision, recall."""
    from medtrans.batching.outputs import Output, plan_outputs
    from medtrans.reading.storage import write_atomically
    from medtrans.stages._volume_sets import refuse_wrong_choices, volume_sets

    if output is not None:
        extractors = [Path(extractor)] if Path(extractor).exists() else []
        plan_outputs([Output(output, "table")], [generated, real, *extractors], overwrite)
    volume_sets(generated, real)
    refuse_wrong_choices(extractor, plane, spacing)
    from medtrans.stages.distances import measure  # Loads torch, which takes seconds.

    results = measure(generated, real, extractor, plane, slices=slices, spacing=spacing, seed=seed)
    if output is not None:
        write_atomically(output, results.to_csv())
    print(results.to_json() if as_json else results.to_text(), end="")
    log_findings(results.findings)
    log_findings(results.failed.values())
    if results.failed:
        raise typer.Exit(1)

"""medtrans audit maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.audit import audits
from medtrans.cli.audit_options import (
    TranslatedModality,
    model_option,
    output_option,
    samples_option,
    show_audit,
)
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Device, Overwrite, Threads


@audits.command()
def maps(
    source: Annotated[Path, typer.Option("--source", "-i", help="A source, or a folder of them.")],
    output: Annotated[Path, output_option("maps, a table")],
    translated: Annotated[
        Path | None, typer.Option(help="Its translation, or a folder; NAME_std beside it is the spread.")
    ] = None,
    models: Annotated[list[str] | None, model_option("In its place: the model; again for an ensemble.")] = None,
    samples: Annotated[int | None, samples_option(", for the spread")] = None,
    target: Annotated[Path | None, typer.Option(help="The real image, or a folder: for the residual and sFRC.")] = None,
    back: Annotated[Path | None, typer.Option(help="The model of the way back, for both cycle maps.")] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="JSON of medtrans degrade, for the null space; default: that beside each source."),
    ] = None,
    modality: TranslatedModality = None,
    source_modality: Annotated[str | None, typer.Option(help="Of the sources, where no --model is given.")] = None,
    wrong_above: Annotated[
        float | None, typer.Option(min=0, help="Error of a wrong voxel; default: 100 HU, or the 90th percentile.")
    ] = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Maps of where a translation may be wrong, as NIfTI and in a viewer: residual, cycle, spread, null space, sFRC."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages._map_tables import to_text
    from medtrans.stages.audit_maps import PAGE, MapInputs, audit_by_maps

    use_threads(threads)
    inputs = MapInputs(source, translated, target, record, modality, source_modality)
    with ProgressBars() as progress:
        found, failed = audit_by_maps(
            inputs, models or (), back, output, samples=samples, wrong_above=wrong_above, device=device,
            overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    rows = {"maps": [row for one in found for row in one.rows], "resolution": [one.resolution for one in found]}
    findings = [finding for one in found for finding in one.findings]
    show_audit(rows, lambda: to_text(found), {"page": output / PAGE}, findings, failed, as_json=as_json)

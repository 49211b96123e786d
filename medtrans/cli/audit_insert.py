"""medtrans audit insert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.audit import audits
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Conditions, Device, Overwrite, Threads, numbers
from medtrans.core.log import log_findings


@audits.command()
def insert(
    sources: Annotated[Path, typer.Option("--input", "-i", help="A healthy source, or a folder of them.")],
    models: Annotated[
        list[str], typer.Option("--model", "-m", metavar="NAME|FOLDER", help="The model; again for several.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for tables, JSON and a page.")],
    target: Annotated[Path | None, typer.Option(help="The real image, or a folder of them: another ceiling.")] = None,
    place: Annotated[
        Path | None, typer.Option(help="Mask of where lesions may lie, or a folder; default: in the body.")
    ] = None,
    lesions: Annotated[
        Path | None, typer.Option(help="Mask of the source's own lesions, or a folder: they are taken out.")
    ] = None,
    diameters: Annotated[
        list[float] | None, typer.Option("--diameter", min=1, metavar="MM", help="Default: 4, 6, 8, 12, 20.")
    ] = None,
    contrasts: Annotated[
        list[float] | None,
        typer.Option("--contrast", metavar="SD", help="In noise; below 0 is dark. Default: 1, 2, 4."),
    ] = None,
    count: Annotated[int, typer.Option(min=12, help="Lesions of each diameter and contrast, over all cases.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the places.")] = 0,
    conditions: Conditions = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Lesions of known size and contrast, put into sources: which does the translation keep? Needs no real images."""
    from medtrans.auditing.insertion_audit import Design
    from medtrans.auditing.insertion_tables import to_text
    from medtrans.cli.progress import ProgressBars
    from medtrans.core.strict_json import to_plain
    from medtrans.stages.audit_insert import PAGE, Beside, audit_insert

    use_threads(threads)
    usual = Design()
    design = Design(
        tuple(sorted(set(diameters or usual.diameters))), tuple(sorted(set(contrasts or usual.contrasts))), count, seed
    )
    with ProgressBars() as progress:
        found = audit_insert(
            sources, models, output, design, Beside(target, place, lesions), conditions=numbers(conditions),
            device=device, overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    print(json.dumps(to_plain(found.to_dict()), indent=1) if as_json else to_text(found), end="\n" if as_json else "")
    if not as_json:
        print(f"\npage: {output / PAGE}")
    log_findings(found.findings)
    log_findings(found.failed.values())
    if found.failed:
        raise typer.Exit(1)

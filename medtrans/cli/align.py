"""medtrans align."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite
from medtrans.core.log import log_findings
from medtrans.core.printable import printable
from medtrans.preparing.registration.kinds import Kind


@app.command()
def align(
    moving: Annotated[Path, typer.Option(help="The volume that is moved, for example a CT.")],
    fixed: Annotated[Path, typer.Option(help="The volume that stays, for example an MR of the same person.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder.")],
    kind: Annotated[Kind, typer.Option(help="What may change: place; size and shear, too; or shape.")] = "rigid",
    moving_modality: Annotated[
        str | None, typer.Option(help="CT is written in HU, the bias of MR removed for the search.")
    ] = None,
    fixed_modality: Annotated[str | None, typer.Option(help="Likewise, of the fixed volume.")] = None,
    moving_mask: Annotated[Path | None, typer.Option(help="Mask of the body in the moving volume.")] = None,
    fixed_mask: Annotated[Path | None, typer.Option(help="Mask of the body in the fixed volume.")] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="A label map on the grid of the moving volume, moved with it; again for more."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Register two volumes of one person; writes the transform, the moved volume, a judgement and a picture."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages.align import align

    with ProgressBars() as progress:
        found = align(
            moving, fixed, output, kind=kind, modalities=(moving_modality, fixed_modality),
            masks=(moving_mask, fixed_mask), labels=labels or (), overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
    else:
        print(found.judgement.to_text())
        for path in filter(None, (found.volume, found.transform, found.picture)):
            print(printable(str(path)))
    log_findings(found.findings)
    if found.judgement.outcome == "failed":
        raise typer.Exit(1)

"""medtrans align."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite, ResampleTilt
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
    moving_series: Annotated[
        str | None, typer.Option(metavar="NUMBER|TEXT|UID", help="One of several DICOM series in --moving.")
    ] = None,
    fixed_series: Annotated[str | None, typer.Option(metavar="NUMBER|TEXT|UID", help="Likewise, in --fixed.")] = None,
    resample_tilt: ResampleTilt = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Register two volumes of one person; writes the transform, the moved volume, a judgement and a picture."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages._chosen_series import chosen_series
    from medtrans.stages.align import align

    both = chosen_series(moving, moving_series), chosen_series(fixed, fixed_series)
    with ProgressBars() as progress, both[0] as one, both[1] as other:
        found = align(
            one.path, other.path, output, kind=kind, modalities=(moving_modality, fixed_modality),
            resample_tilt=resample_tilt,
            masks=(moving_mask, fixed_mask), labels=labels or (), overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    found = replace(found, findings=tuple(one.finding(other.finding(finding)) for finding in found.findings))
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
    else:
        print(found.judgement.to_text())
        for path in filter(None, (found.volume, found.transform, found.picture)):
            print(printable(str(path)))
    log_findings(found.findings)
    if found.judgement.outcome == "failed":
        raise typer.Exit(1)

"""medtrans audit calibrate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.audit import audits
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Device, Overwrite, Threads
from medtrans.core.log import log_findings


@audits.command()
def calibrate(
    source: Annotated[Path, typer.Option("--source", "-i", help="Sources of patients that did not train the model.")],
    target: Annotated[Path, typer.Option(help="Their real images, in files of the same names.")],
    models: Annotated[
        list[str],
        typer.Option("--model", "-m", metavar="NAME|FOLDER", help="The model; again for an ensemble."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for a table, JSON and a page.")],
    lesions: Annotated[Path | None, typer.Option(help="Lesion masks of the real images, for their coverage.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Label maps of the real images: coverage of each label.")] = None,
    samples: Annotated[int | None, typer.Option(min=2, help="Samples of a stochastic model.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Calibrate the uncertainty of a model: 25 patients at least; it is saved in the model folder."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.core.strict_json import to_plain
    from medtrans.models.calibration import CALIBRATION
    from medtrans.stages._calibration_section import calibration_text
    from medtrans.stages.audit_calibrate import PAGE, calibrate_model

    use_threads(threads)
    with ProgressBars() as progress:
        found = calibrate_model(
            source, target, models, output, lesions=lesions, labels=labels, samples=samples, device=device,
            overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    known = found.calibration
    print(json.dumps(to_plain(known.to_dict()), indent=1) if as_json else calibration_text(known))
    if not as_json:
        print(f"page: {output / PAGE}\ncalibration: {found.folder / CALIBRATION}")
    log_findings(found.findings)
    log_findings(found.failed.values())
    if found.failed:
        raise typer.Exit(1)

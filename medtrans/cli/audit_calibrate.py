"""medtrans audit calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.audit import audits
from medtrans.cli.audit_options import model_option, output_option, samples_option, show_audit
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Device, Overwrite, Threads


@audits.command()
def calibrate(
    source: Annotated[Path, typer.Option("--source", "-i", help="Sources of patients that did not train the model.")],
    target: Annotated[Path, typer.Option(help="Their real images, in files of the same names.")],
    models: Annotated[list[str], model_option("The model; again for an ensemble.")],
    output: Annotated[Path, output_option("a table")],
    lesions: Annotated[Path | None, typer.Option(help="Lesion masks of the real images, for their coverage.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Label maps of the real images: coverage of each label.")] = None,
    samples: Annotated[int | None, samples_option()] = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Calibrate the uncertainty of a model: 25 patients at least; it is saved in the model folder."""
    from medtrans.cli.progress import ProgressBars
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
    files = {"page": output / PAGE, "calibration": found.folder / CALIBRATION}
    show_audit(known.to_dict(), lambda: calibration_text(known), files, found.findings, found.failed, as_json=as_json)

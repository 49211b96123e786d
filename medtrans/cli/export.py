"""medtrans export."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import quiet_bundles
from medtrans.cli.options import AsJson, Conditions, Overwrite, numbers


class ExportFormat(StrEnum):
    """Formats, as in `exporting.formats`."""

    onnx = "onnx"
    openvino = "openvino"
    monai_bundle = "monai-bundle"
    zip = "zip"


@app.command()
def export(
    model: Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="A model folder, or a shipped model.")],
    to: Annotated[
        ExportFormat,
        typer.Option(help="onnx or openvino: its networks alone; monai-bundle; zip: the model in one file."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; for a zip the name of the file.")],
    conditions: Conditions = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a model for other programs, checked on the spot: at most 1 HU from torch on a synthetic head."""
    from medtrans.exporting.formats import refuse_existing, refuse_missing
    from medtrans.models.zoo import model_folders

    refuse_missing(to.value)
    refuse_existing(output, to.value, overwrite=overwrite)
    model_folders([model])

    from medtrans.cli.progress import ProgressBars
    from medtrans.stages.export import export

    if to is ExportFormat.monai_bundle:
        quiet_bundles()
    with ProgressBars() as progress:
        result = export(
            model, to.value, output, conditions=numbers(conditions), overwrite=overwrite, on_progress=progress
        )
    print(json.dumps(result.to_dict(), indent=1) if as_json else result.to_text())

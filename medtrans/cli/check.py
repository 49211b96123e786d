"""medtrans check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.findings import to_text
from medtrans.cli.options import AsJson, Changes
from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding, worst


@app.command()
def check(
    path: Annotated[
        str, typer.Argument(metavar="PATH|RECIPE", help="A volume, a folder, a zip of DICOM, a recipe or a pipeline.")
    ],
    changes: Changes = None,
    modality: Annotated[
        str | None, typer.Option(help="CT, MR, PET, dose or labels: also check the values of volumes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List problems of volumes or of the cases of a recipe. Writes nothing."""
    from medtrans.reading.checks import refusal

    findings = _findings(path, changes or [], modality)
    print(json.dumps([finding.to_dict() for finding in findings], indent=1) if as_json else _text(findings))
    if worst(findings) == "refuse":
        raise typer.Exit(refusal(findings).exit_code)


def _text(findings: list[Finding]) -> str:
    """A table of the DICOM series, where there are any, and the other findings."""
    from medtrans.core.tables import text_table
    from medtrans.stages._checked_series import CODE, COLUMNS, table_rows

    rows = table_rows(findings)
    if not rows:
        return to_text(findings)
    table = text_table(rows, COLUMNS, left=("description", "modality", "what can be done"))
    return f"{table}\n\n{to_text(finding for finding in findings if finding.code != CODE)}"


def _findings(path: str, changes: list[str], modality: str | None) -> list[Finding]:
    from medtrans.stages.check import check, check_recipe, names_volumes

    if names_volumes(Path(path)):
        return check(Path(path), modality)
    if modality is not None:
        raise UsageError("--modality", "is for volumes; a recipe declares its own", "leave it out")
    from medtrans.catalogue import find_recipe
    from medtrans.recipe import load_recipe
    from medtrans.stages._needed_models import refuse_missing_models

    recipe = load_recipe(find_recipe(path), changes)
    refuse_missing_models(recipe)
    return check_recipe(recipe)

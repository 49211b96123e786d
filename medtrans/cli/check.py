"""medtrans check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.findings import to_text
from medtrans.cli.options import AsJson, Changes, Fold, Folder, Longer, Quick, Threads, changes_and_folder
from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding, worst


@app.command()
def check(
    path: Annotated[
        str, typer.Argument(metavar="PATH|RECIPE", help="A volume, a folder, a zip of DICOM, a recipe or a pipeline.")
    ],
    folder: Folder = None,
    changes: Changes = None,
    quick: Quick = False,
    longer: Longer = False,
    fold: Fold = None,
    modality: Annotated[
        str | None, typer.Option(help="CT, MR, PET, dose or labels: also check the values of volumes.")
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """List problems of volumes; of a recipe, all that `run` would refuse, and what it will take. Writes nothing.

    A few steps of a recipe are tried in a temporary folder. The options but --modality are those of `run`.
    """
    from medtrans.reading.checks import refusal
    from medtrans.stages.check import check, names_volumes

    if names_volumes(Path(path)):
        _refuse_options_of_recipes(folder=folder, set=changes, quick=quick, fold=fold, **{"continue": longer})
        findings = check(Path(path), modality)
        text, facts = _text(findings), [finding.to_dict() for finding in findings]
    else:
        if modality is not None:
            raise UsageError("--modality", "is for volumes; a recipe declares its own", "leave it out")
        findings, text, facts = _dry_run(path, folder, changes, quick, longer, fold, threads)
    print(json.dumps(facts, indent=1) if as_json else text)
    if worst(findings) == "refuse":
        raise typer.Exit(refusal(findings).exit_code)


def _refuse_options_of_recipes(**given: object) -> None:
    """Raises UsageError where an option of `run` is given with volumes."""
    for name, value in given.items():
        if value is not None and value is not False:
            raise UsageError(f"--{name}", "is for recipes, and these are volumes", "leave it out")


def _dry_run(
    path: str,
    folder: Path | None,
    changes: list[str] | None,
    quick: bool,
    longer: bool,
    fold: int | None,
    threads: int | None,
) -> tuple[list[Finding], str, Any]:
    """Findings, and the text and the JSON that are printed."""
    from medtrans.catalogue import find_recipe
    from medtrans.cli.libraries import use_threads
    from medtrans.cli.progress import ProgressBars
    from medtrans.recipe import load_recipe
    from medtrans.stages.dry_run import dry_run

    all_changes, below = changes_and_folder(changes, fold)
    recipe = load_recipe(find_recipe(path), all_changes, quick=quick)
    use_threads(threads)
    with ProgressBars() as progress:
        findings, plan = dry_run(
            recipe, folder or Path("runs") / recipe.name / below, longer=longer, on_progress=progress
        )
    text = to_text(findings) + (f"\n\n{plan.to_text()}" if plan else "")
    return (
        findings,
        text,
        {"findings": [one.to_dict() for one in findings], "plan": plan.to_dict() if plan else None},
    )


def _text(findings: list[Finding]) -> str:
    """A table of the DICOM series, where there are any, and the other findings."""
    from medtrans.core.tables import text_table
    from medtrans.stages._checked_series import CODE, COLUMNS, table_rows

    rows = table_rows(findings)
    if not rows:
        return to_text(findings)
    table = text_table(rows, COLUMNS, left=("description", "modality", "what can be done"))
    return f"{table}\n\n{to_text(finding for finding in findings if finding.code != CODE)}"

"""Options that several commands share, and what their words stand for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from medtrans.core.errors import UsageError
from medtrans.core.renamed_keys import OPTIONS

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
RecipeFile = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a pipeline.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe.")]
Quick = Annotated[bool, typer.Option(help="A few steps with a small network, to test that everything works.")]
Conditions = Annotated[
    list[str] | None,
    typer.Option("--condition", metavar="NAME=VALUE", help="A number that the model takes with the image."),
]
Folder = Annotated[Path | None, typer.Option("--folder", "-o", help="The run folder; default: runs/NAME.")]


def numbers(pairs: list[str] | None, option: str = "--condition") -> dict[str, float]:
    """NAME=NUMBER, several, as a table."""
    table: dict[str, float] = {}
    for pair in pairs or []:
        name, _, number = pair.partition("=")
        if name.strip() in table:
            raise typer.BadParameter(f"{option} {name.strip()} is given twice")
        try:
            table[name.strip()] = float(number)
        except ValueError:
            raise typer.BadParameter(f"{option} {pair} is not NAME=NUMBER") from None
    return table


def part_of(part_id: int | None, num_parts: int | None) -> tuple[int, int]:
    """(number of this part, number of parts): as given, else of a SLURM array, else the whole folder."""
    parts = num_parts or int(os.environ.get("SLURM_ARRAY_TASK_COUNT", "1"))
    first = int(os.environ.get("SLURM_ARRAY_TASK_MIN", "0"))
    part = part_id if part_id is not None else int(os.environ.get("SLURM_ARRAY_TASK_ID", "0")) - first
    if not 0 <= part < parts:
        raise typer.BadParameter(f"--part-id {part} is not among the {parts} parts 0 … {parts - 1}")
    return part, parts


def refuse_old_options(arguments: Sequence[str]) -> None:
    """Raises UsageError on an option that was renamed."""
    for word in arguments:
        option = word.partition("=")[0]
        if option in OPTIONS:
            raise UsageError(option, "is the old name of an option", f"write {OPTIONS[option]}")

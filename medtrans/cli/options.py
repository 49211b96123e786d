"""Options that several verbs share, and what is made of their words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
RecipeFile = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a pipeline.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe.")]
Quick = Annotated[bool, typer.Option(help="A few steps with a small network: does it run at all?")]
Known = Annotated[
    list[str] | None, typer.Option("--known", metavar="NAME=NUMBER", help="A condition the model wants to be told.")
]
RunFolder = Annotated[Path | None, typer.Option("--folder", "-o", help="The run folder; default: runs/NAME.")]


def use_threads(threads: int | None) -> None:
    if threads:
        import torch

        torch.set_num_threads(threads)


def numbers(pairs: list[str] | None, option: str = "--known") -> dict[str, float]:
    """NAME=NUMBER, several, as a table."""
    known: dict[str, float] = {}
    for pair in pairs or []:
        name, _, number = pair.partition("=")
        if name.strip() in known:
            raise typer.BadParameter(f"{option} {name.strip()} is given twice")
        try:
            known[name.strip()] = float(number)
        except ValueError:
            raise typer.BadParameter(f"{option} {pair} is not NAME=NUMBER") from None
    return known


def part_of(part_id: int | None, num_parts: int | None) -> tuple[int, int]:
    """Which share of a folder is ours: as asked, else as a SLURM array says, else all of it."""
    number = num_parts or int(os.environ.get("SLURM_ARRAY_TASK_COUNT", "1"))
    first = int(os.environ.get("SLURM_ARRAY_TASK_MIN", "0"))
    mine = part_id if part_id is not None else int(os.environ.get("SLURM_ARRAY_TASK_ID", "0")) - first
    if not 0 <= mine < number:
        raise typer.BadParameter(f"--part-id {mine} is not among the {number} parts 0 … {number - 1}")
    return mine, number

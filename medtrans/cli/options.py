"""Options that several commands share, and what their words stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medtrans.core.errors import UsageError
from medtrans.core.renamed_keys import OPTIONS


class EngineName(StrEnum):
    """What computes the networks, as in `models.engines`."""

    auto = "auto"
    torch = "torch"
    openvino = "openvino"


class PrecisionName(StrEnum):
    """Of the arithmetic of the networks, as in `models.engines`."""

    float32 = "float32"
    bfloat16 = "bfloat16"


def _known_device(name: str) -> str:
    """Refused at once; torch alone knows whether it is here."""
    from medtrans.models.device_names import refuse_unknown_device

    refuse_unknown_device(name)
    return name


def _names_of(kind: str) -> Callable[[str], list[str]]:
    """Completion of a word by the names of `medtrans list KIND`."""

    def complete(incomplete: str) -> list[str]:
        from medtrans.catalogue import entries

        return [entry.name for entry in entries(kind) if entry.name.startswith(incomplete)]

    return complete


model_names, preset_names, pipeline_names = map(_names_of, ("models", "presets", "pipelines"))
Device = Annotated[str, typer.Option(callback=_known_device, help="auto, cpu, cuda, cuda:1, mps.")]
Engine = Annotated[
    EngineName,
    typer.Option(help="What computes the networks: torch, openvino (an extra), or auto: openvino where it can."),
]
Precision = Annotated[
    PrecisionName,
    typer.Option(help="float32, or bfloat16: faster where the processor has it; the sidecar says what it changes."),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all.")]
ProcessCount = Annotated[
    int | None,
    typer.Option("--processes", min=1, help="Processes that share a folder; default: as processors and memory allow."),
]
ExecutorName = Annotated[
    str, typer.Option("--executor", help="Who shares a folder: processes of this machine, or dask (an extra).")
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Of a running Dask cluster, as tcp://…; default: one is started here."),
]
Slurm = Annotated[
    bool,
    typer.Option("--slurm", help="Print a script for sbatch, of --num-parts tasks that share the folder; do no more."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
RecipeFile = Annotated[
    str,
    typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a pipeline.", autocompletion=pipeline_names),
]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe.")]
Quick = Annotated[bool, typer.Option(help="A few steps with a small network, to test that everything works.")]
Longer = Annotated[
    bool, typer.Option("--continue", help="Go on with a finished run, for more training.steps or minutes.")
]
Fold = Annotated[
    int | None, typer.Option(min=0, metavar="K", help="Fold of reading.folds, from 0; folder: runs/NAME/fold_K.")
]
Conditions = Annotated[
    list[str] | None,
    typer.Option("--condition", metavar="NAME=VALUE", help="A number that the model takes with the image."),
]
Overwrite = Annotated[bool, typer.Option(help="Replace existing outputs of this command.")]
MaskLabel = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="The value in the mask that counts; default: all above 0.")
]
ResampleTilt = Annotated[
    bool,
    typer.Option(
        "--resample-tilt",
        help="Interpolate DICOM series of a tilted gantry to a rectangular grid. Default: they are refused.",
    ),
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


def made_files(paths: Iterable[Path]) -> str:
    """Files that a command made, as JSON."""
    return json.dumps({"files": [str(path) for path in paths]}, indent=1)


def refuse_old_options(arguments: Sequence[str]) -> None:
    """Raises UsageError on an option that was renamed."""
    for word in arguments:
        option = word.partition("=")[0]
        if option in OPTIONS:
            raise UsageError(option, "is the old name of an option", f"write {OPTIONS[option]}")


def changes_and_folder(changes: list[str] | None, fold: int | None) -> tuple[list[str], Path]:
    """The changes with that of --fold, and the folder below runs/NAME where the run of a fold lies."""
    chosen = [] if fold is None else [f"reading.fold={fold}"]
    return [*(changes or []), *chosen], Path() if fold is None else Path(f"fold_{fold}")

"""medtrans init."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Overwrite


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of your images: BIDS, or any other.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The recipe to write.")] = Path("recipe.yaml"),
    task: Annotated[
        str | None, typer.Option(help="mri-to-ct, contrast, quality or unpaired; default: by what is there.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="The source, where there are several images: T1.")] = None,
    target: Annotated[str | None, typer.Option(help="The target, likewise.")] = None,
    minutes: Annotated[float | None, typer.Option(min=1, help="Budget of the training.")] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Look at a folder, say what it holds, and write a first recipe for it, each choice with its reason."""
    from medtrans.reading.fingerprint import fingerprint, refuse_no_folder
    from medtrans.reading.storage import refuse_existing
    from medtrans.stages._chosen_images import choose, refuse_unknown_task

    refuse_no_folder(folder)
    refuse_unknown_task(task)
    if not overwrite:
        refuse_existing(output)
    found = fingerprint(folder)
    choose(found, task, source, target)
    from medtrans.stages.init import init  # Loads torch, which takes seconds.

    choices = {"task": task, "source": source, "target": target, "minutes": minutes}
    made = init(folder, output, **choices, overwrite=overwrite, found=found)  # type: ignore[arg-type]
    facts = {
        "recipe": str(made.path),
        "task": made.chosen.task,
        "images": [
            {"pattern": one.pattern, "kind": one.kind, "files": len(one.files), "subjects": len(one.subjects)}
            for one in made.found.images
        ],
        "missing": made.missing(),
        "findings": [finding.to_dict() for finding in made.found.findings],
    }
    print(json.dumps(facts, indent=1) if as_json else f"{made.text}\n{made.to_text()}")

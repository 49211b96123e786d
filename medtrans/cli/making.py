"""Verbs that make something: models, translations, images, reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.options import (
    AsJson,
    Changes,
    Device,
    Known,
    Quick,
    RecipeFile,
    RunFolder,
    Threads,
    numbers,
    part_of,
    use_threads,
)

if TYPE_CHECKING:
    from medtrans.phantoms.anatomy import Lesion


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", "-o", help="Where to work.")] = Path("medtrans-demo"),
    threads: Threads = None,
) -> None:
    """Make heads, train MR→CT on them, translate and score new ones. Writes a report and says where it is."""
    from medtrans.cli.progress import Shown
    from medtrans.stages.demo import demo as play

    use_threads(threads)
    with Shown() as shown:
        result = play(folder, say=shown)
    print(result.to_text())


@app.command()
def run(
    recipe: RecipeFile,
    folder: RunFolder = None,
    changes: Changes = None,
    quick: Quick = False,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Walk all stages of a recipe, and resume where it stopped. Check, train, translate, evaluate, report."""
    from medtrans.cli.progress import Shown
    from medtrans.recipe import load_recipe
    from medtrans.stages import run as stages

    use_threads(threads)
    asked = load_recipe(stages.find_recipe(recipe), changes or [], quick=quick)
    with Shown() as shown:
        result = stages.run(asked, folder or Path("runs") / asked.name, say=shown)
    if result is None:
        return
    print(json.dumps(result.to_dict(), indent=1) if as_json else result.to_text())
    raise typer.Exit(1 if result.failed else 0)


@app.command()
def train(
    recipe: RecipeFile,
    folder: RunFolder = None,
    changes: Changes = None,
    quick: Quick = False,
    threads: Threads = None,
) -> None:
    """Only train the model of a recipe (the first part of `run`). Resumes where it stopped."""
    from medtrans.cli.progress import Shown
    from medtrans.recipe import load_recipe
    from medtrans.stages import run as stages

    use_threads(threads)
    asked = load_recipe(stages.find_recipe(recipe), changes or [], quick=quick)
    with Shown() as shown:
        trained = stages.train(asked, folder or Path("runs") / asked.name, say=shown)
    if trained.main:
        print(trained.verdict)
        if trained.resumed:
            print(f"resumed: {trained.resumed}")
        print(f"model: {trained.model}")


@app.command()
def translate(
    sources: Annotated[
        list[Path],
        typer.Option("--input", "-i", help="A volume, or a folder of volumes; again for each contrast of one case."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    models: Annotated[
        list[Path], typer.Option("--model", "-m", help="A model folder; again for the mean of several models.")
    ],
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option(help="Replace outputs that are there.")] = False,
    resume: Annotated[bool, typer.Option(help="Skip what the ledger proves done.")] = False,
    num_parts: Annotated[int | None, typer.Option(min=1, help="Share the folder among so many commands …")] = None,
    part_id: Annotated[int | None, typer.Option(min=0, help="… of which this is the one (from 0).")] = None,
    known: Known = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Answers drawn by a model that draws: mean, spread.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of what is drawn.")] = None,
    as_json: AsJson = False,
) -> None:
    """Translate volumes. The output lies exactly where the input lay."""
    from medtrans.cli.progress import Shown
    from medtrans.stages import run as stages

    use_threads(threads)
    source = sources[0] if len(sources) == 1 else [sources]
    asked: dict[str, Any] = {"overwrite": overwrite, "resume": resume, "part": part_of(part_id, num_parts)}
    changes = {key: value for key, value in (("samples", samples), ("seed", seed)) if value is not None}
    with Shown() as shown:
        outcomes = stages.translate(
            source, output, models, device=device, known=numbers(known), changes=changes, **asked, say=shown
        )
    if as_json:
        print(json.dumps([outcome.to_dict() for outcome in outcomes], indent=1))
    for outcome in outcomes:
        for warning in outcome.warnings:
            print(f"medtrans: warning: {outcome.case}: {warning}", file=sys.stderr)
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    if not as_json:
        done = sum(outcome.verdict == "done" for outcome in outcomes)
        print(f"{done} translated, {len(outcomes) - done - len(failed)} done before, {len(failed)} failed: {output}")
    for outcome in failed:
        print(f"medtrans: error: {outcome.message}", file=sys.stderr)
    if failed:
        raise typer.Exit(1 if sources[0].is_dir() else failed[0].exit_code)


@app.command()
def sample(
    model: Annotated[Path, typer.Option("--model", "-m", help="The folder of a model that makes images from noise.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the images to.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    known: Known = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Make images out of noise (autoencoder, VAE, GAN, conditional GAN)."""
    from medtrans.cli.progress import Shown
    from medtrans.stages import run as stages

    use_threads(threads)
    with Shown() as shown:
        paths = stages.sample(output, model, count, seed=seed, known=numbers(known), device=device, say=shown)
    print(f"{len(paths)} images in {output}")


@app.command()
def phantoms(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the cases to.")],
    count: Annotated[int, typer.Option(min=1, help="How many heads.")] = 8,
    contrasts: Annotated[str, typer.Option(help="Of T1, T2, FLAIR, PD, CT; separated by commas.")] = "T1,CT",
    spacing: Annotated[float | None, typer.Option(min=0.5, help="Voxel size in millimetres; default: 2.")] = None,
    lesion: Annotated[
        list[str] | None,
        typer.Option(metavar="MM[@R,A,S]", help="A lesion of this diameter, in white matter or at a place in mm."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Paint these label maps instead of made anatomy.")] = None,
    randomised: Annotated[bool, typer.Option(help="Draw the MR contrast anew for each case.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The first head's seed; the others count on from it.")] = 0,
) -> None:
    """Make a cohort of synthetic heads whose truth is known."""
    from medtrans.stages import run as stages

    made = stages.make_phantoms(
        output,
        count,
        contrasts.split(","),
        spacing,
        labels,
        lesions=[_lesion(told) for told in lesion or []],
        randomised=randomised,
        seed=seed,
    )
    for path in made:
        print(path)


def _lesion(told: str) -> Lesion:
    from medtrans.phantoms.anatomy import Lesion

    try:
        diameter, *place = (float(mm) for mm in told.replace("@", ",", 1).split(","))
        r, a, s = place or (0.0, 0.0, 0.0)
    except ValueError:
        raise typer.BadParameter(f"--lesion {told} is not MM or MM@R,A,S, for example 8 or 8@30,-20,15") from None
    return Lesion(diameter, (r, a, s) if place else None)

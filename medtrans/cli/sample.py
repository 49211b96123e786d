"""medtrans sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Conditions, Device, Overwrite, Threads, made_files, numbers


@app.command()
def sample(
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder of a generative method.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write the images to.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many images.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    conditions: Conditions = None,
    overwrite: Overwrite = False,
    device: Device = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Generate images from noise (autoencoder, VAE, GAN, conditional GANs)."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.models.config import read_config
    from medtrans.reading.storage import refuse_unwritable

    known = numbers(conditions)
    read_config(model)  # What is wrong with the words is said before torch is loaded.
    refuse_unwritable(output)
    from medtrans.stages.sample import sample

    use_threads(threads)
    with ProgressBars() as progress:
        options = {"seed": seed, "conditions": known, "device": device, "overwrite": overwrite}
        paths = sample(output, model, count, **options, on_progress=progress)  # type: ignore[arg-type]
    print(made_files(paths) if as_json else f"{len(paths)} images in {output}")

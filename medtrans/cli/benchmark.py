"""medtrans benchmark."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import Threads


@app.command()
def benchmark(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="help, check, evaluate, translate, cyclegan, cyclegan_bf16, reading, metrics."),
    ] = None,
    threads: Threads = None,
) -> None:
    """Measure speed and memory on this machine."""
    from medtrans.stages.benchmark import benchmark

    use_threads(threads)
    for line in benchmark(parts or []):
        print(line, flush=True)

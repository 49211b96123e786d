"""medtrans benchmark."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Threads


@app.command()
def benchmark(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="help, check, evaluate, translate, cyclegan, cyclegan_bf16, reading, metrics."),
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Measure speed and memory on this machine."""
    from medtrans.stages.benchmark import benchmark

    use_threads(threads)
    lines = benchmark(parts or [])
    if as_json:
        print(json.dumps({"lines": list(lines)}, indent=1))
    for line in lines:
        print(line, flush=True)

"""medtrans serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson, Device


@app.command()
def serve(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", metavar="NAME|FOLDER", help="A model to offer beside the shipped ones."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 8765,
    limit: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest file that is accepted.")] = 1024,
    keep: Annotated[Path | None, typer.Option(help="A folder that keeps results; default: they are removed.")] = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Translate in the browser: a page on this machine alone (127.0.0.1). An extra; Ctrl-C ends it."""
    from medtrans.serving.server import serve

    say = _say_json if as_json else _say
    serve(models or [], port=port, limit=limit * 1_000_000, device=device, keep=keep, on_ready=say)


def _say(address: str) -> None:
    print(f"medtrans serve: {address}")
    print("Open it in a browser here; the address holds the key. Ctrl-C ends it.", flush=True)


def _say_json(address: str) -> None:
    print(json.dumps({"address": address}), flush=True)

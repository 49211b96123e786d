"""medtrans list."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="methods, networks, metrics, degradations, presets, pipelines, models.")],
    as_json: AsJson = False,
) -> None:
    """List what can be chosen: name, one line, source."""
    from medtrans.catalogue import entries, to_text

    members = entries(what)
    print(json.dumps([vars(member) for member in members], indent=1) if as_json else to_text(members))

"""medtrans list."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.options import AsJson
from medtrans.core.errors import UsageError


@app.command("list")
def list_(
    what: Annotated[
        str,
        typer.Argument(help="methods, networks, metrics, degradations, presets, pipelines, models, settings."),
    ],
    key: Annotated[
        str, typer.Argument(help="With settings: a stage or key, such as training.steps or method.pix2pix.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List what can be chosen: name, one line, source; of settings: values, default, meaning."""
    from medtrans.catalogue import entries, setting_rows, settings_text, to_text

    if what == "settings":
        rows = setting_rows(key)
        print(json.dumps([row._asdict() for row in rows], indent=1) if as_json else settings_text(rows))
        return
    if key:
        raise UsageError(key, "is given beside a list that has no keys", "write `medtrans list settings KEY`")
    members = entries(what)
    print(json.dumps([vars(member) for member in members], indent=1) if as_json else to_text(members))

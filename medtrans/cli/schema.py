"""medtrans schema."""

from __future__ import annotations

import json

from medtrans.cli.app import app


@app.command()
def schema() -> None:
    """Print the JSON schema of a recipe, by which editors complete recipes and underline mistakes."""
    from medtrans.recipe import schema

    print(json.dumps(schema(), indent=1, ensure_ascii=False))

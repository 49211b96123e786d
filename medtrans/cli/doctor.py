"""medtrans doctor."""

from __future__ import annotations

import json

from medtrans.cli.app import app
from medtrans.cli.options import AsJson


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Show versions, devices, extras and limits. Add them to a question."""
    from medtrans.cli.process import chosen
    from medtrans.cli.sharing import default_choice
    from medtrans.core.tables import text_table
    from medtrans.doctor import doctor

    facts = doctor() | {"a folder is translated by": default_choice()} | chosen()
    rows = [{"name": name, "value": value} for name, value in facts.items()]
    print(json.dumps(facts, indent=1) if as_json else text_table(rows, left=("value",), header=False))

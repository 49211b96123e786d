"""medtrans doctor."""

from __future__ import annotations

import json

from medtrans.cli.app import app
from medtrans.cli.options import AsJson


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Show versions, devices, extras and limits. Add them to a question."""
    from medtrans.doctor import doctor

    facts = doctor()
    print(json.dumps(facts, indent=1) if as_json else "\n".join(f"{name:24} {value}" for name, value in facts.items()))

"""Summary of a batch of translations, and of what a dry run foretells, for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.cli.log import LOGGER
from medtrans.cli.parts import Part
from medtrans.cli.process import seconds_since_start
from medtrans.core.log import NOTE

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome


def json_of(outcomes: Sequence[Outcome]) -> str:
    """A list with an object for each case."""
    return json.dumps([outcome.to_dict() for outcome in outcomes], indent=1)


def summary(outcomes: Sequence[Outcome], output: Path, part: Part) -> str:
    """The expected error of each case, where it is known; then counts of cases in one line."""
    count = Counter(outcome.verdict for outcome in outcomes)
    if not outcomes:
        return f"nothing to do: the folder has no case for part {part.number} of {part.count}"
    left_out = [f"{count['left out']} left out"] if count["left out"] else []
    accepted = [f"{count['accepted']} failed as accepted"] if count["accepted"] else []
    words = [f"{count['done']} translated", f"{count['skipped']} done before", *left_out, f"{count['failed']} failed"]
    words += accepted
    lines = [line for outcome in outcomes if (line := _expected(outcome))]
    return "\n".join([*lines, f"{', '.join(words)}: {output}"])


def _expected(outcome: Outcome) -> str:
    """The expected error of a case; empty where the uncertainty is not calibrated."""
    facts = outcome.calibration
    if not facts:
        return ""
    if facts["expected_mae"] is None:
        return f"{outcome.case}: the expected error is not known: {facts['unusable']}"
    value, low, high = (f"{facts[f'expected_mae{end}']:.3g}" for end in ("", "_low", "_high"))
    share = f"{1 - facts['alpha']:.0%}"
    return f"{outcome.case}: expected mean error {value} {facts['unit']} ({share} interval {low} to {high})"


def foretold(outcomes: Sequence[Outcome], processes: int) -> str:
    """A row for each case and model, and a line for all, by so many processes."""
    from medtrans.core.tables import text_table

    start_up = seconds_since_start() - sum(outcome.seconds for outcome in outcomes) / processes
    rows, minutes, gigabytes = [], start_up / 60, 0.0
    for outcome in outcomes:
        facts = outcome.forecast.to_dict() if outcome.forecast else {"models": []}
        for number, model in enumerate(facts["models"]):
            case = {"case": outcome.case, "GB": f"{facts['gigabytes']:.1f}", "minutes": f"{facts['minutes']:.2f}"}
            sizes = {key: "×".join(map(str, model[key])) for key in ("grid", "window")}
            first = case if number == 0 else dict.fromkeys(case, "")
            rows.append(
                {**first, "model": model["model"], "engine": model["engine"], **sizes, "windows": str(model["windows"])}
            )
        minutes += facts.get("minutes", 0.0) / processes
        gigabytes = max(gigabytes, facts.get("gigabytes", 0.0) * processes)
    columns = ("case", "model", "engine", "grid", "window", "windows", "GB", "minutes")
    total = f"about {minutes:.1f} minutes, start-up included, and {gigabytes:.1f} GB; nothing was written"
    return "\n".join([text_table(rows, columns, left=columns[1:3]), total] if rows else [total])


def say_cured(outcomes: Sequence[Outcome], accepted: Collection[str], listed: Path | None) -> None:
    """A note for each case that no longer fails."""
    for outcome in outcomes:
        if outcome.case in accepted and outcome.verdict in ("done", "skipped"):
            LOGGER.log(
                NOTE, f"{outcome.case}: it is translated, though its failure is accepted; take it out of {listed}"
            )

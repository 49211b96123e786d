"""Shortcomings of a tested model, from the verdicts of its run: in the model folder and in the sidecars of the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from medtrans.core.finding import Finding, Verdict
from medtrans.core.sealed_json import seal
from medtrans.evaluating.verdicts import BASELINE_CODES
from medtrans.models.shortcomings import write_shortcomings
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.storage import write_atomically
from medtrans.runs import RunFolder

ADVICE = "train it longer or on more cases; look at report.html of its run"


def shortcomings_of(verdicts: Sequence[Verdict], model: str) -> list[Finding]:
    """A finding for each kind of verdict that failed; they name no case, since a model is given away."""
    found: dict[str, tuple[str, str]] = {}
    for verdict in verdicts:
        if verdict.outcome == "fail" and verdict.code in BASELINE_CODES:
            what = f"was made by a model that is worse than a baseline: {verdict.question} {verdict.reason}"
            found.setdefault("below-baseline", (what, "a rule without training gives a better image"))
        elif verdict.outcome == "fail" and verdict.code == "degenerate-images":
            counts = f"{verdict.numbers['degenerate']} of {verdict.numbers['cases']}"
            what = f"was made by a model of which {counts} test translations were black, constant or saturated"
            found["degenerate-model"] = what, "this one may be no image either"
    return [
        Finding(code=code, severity="warn", where=model, what=what, consequence=meaning, advice=ADVICE)
        for code, (what, meaning) in found.items()
    ]


def record_shortcomings(run: RunFolder, findings: Sequence[Finding], translations: Iterable[Path]) -> None:
    """Write them into the model folder, and into the sidecars of the translations of the run."""
    write_shortcomings(run.model, findings)
    codes = {"below-baseline", "degenerate-model"}
    for path in map(sidecar_path, translations):
        facts = read_sidecar(path)
        if not facts:
            continue
        kept = [one for one in facts["findings"] if one["code"] not in codes]
        own = [{**finding.to_dict(), "where": path.stem} for finding in findings]
        if kept + own != facts["findings"]:
            write_atomically(path, seal({**facts, "findings": kept + own}))

"""Tables of the bias sweep: slopes and verdict of each method and arm, and the rates of each share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from medtrans.auditing.bias_sweep import Rate, SweepRun, bias_verdict, slope
from medtrans.auditing.rates import rate

KINDS: tuple[Rate, ...] = ("invented", "removed")


def by_system(runs: Sequence[SweepRun]) -> dict[tuple[str, str], list[SweepRun]]:
    """(arm, method) → its runs."""
    found: dict[tuple[str, str], list[SweepRun]] = {}
    for run in runs:
        found.setdefault((run.arm, run.method), []).append(run)
    return found


def summary(runs: Sequence[SweepRun], plan: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Markdown, and the same as plain values."""
    systems = []
    for (arm, method), own in by_system(runs).items():
        learned = [run for run in own if run.learned]
        slopes = {kind: slope(learned, kind) for kind in KINDS}
        verdict = bias_verdict(method, own)
        facts = {"arm": arm, "method": method, "runs": len(own), "learned": len(learned)}
        errors = {"error": fmean(run.error for run in own), "baseline": fmean(run.baseline for run in own)}
        systems.append({**facts, **errors, "slopes": slopes, "verdict": verdict})
    lines = [*_readers(runs), "", *_slopes(systems), "", *_shares(runs), ""]
    lines += [f"{one['arm']}, {one['method']}: {one['verdict'].outcome}. {one['verdict'].reason}." for one in systems]
    plain = [
        {
            **one,
            "slopes": {kind: asdict(found) for kind, found in one["slopes"].items()},
            "verdict": asdict(one["verdict"]),
        }
        for one in systems
    ]
    return "\n".join(lines) + "\n", {
        "plan": dict(plan),
        "systems": plain,
        "runs": [asdict(r) for r in runs],
    }


def rows_of(runs: Sequence[SweepRun]) -> list[dict[str, Any]]:
    """A row for each run."""
    rows = []
    for run in runs:
        calls = {"ill": run.ill.called, "n_ill": run.ill.count, "healthy": run.healthy.called}
        reader = {"sensitivity": run.reader.sensitivity, "specificity": run.reader.specificity}
        own = {key: value for key, value in asdict(run).items() if key != "reader"}
        rows.append({**own, **calls, "n_healthy": run.healthy.count, **reader, "learned": run.learned})
    return rows


def _readers(runs: Sequence[SweepRun]) -> list[str]:
    """A sentence for each detector: runs of several sweeps have several."""
    lines = []
    for reader in dict.fromkeys(run.reader for run in runs):
        found, false = rate(reader.ill.called, reader.ill.count), rate(reader.healthy.called, reader.healthy.count)
        calls = f"it calls {found.k} of {found.n} ill slices ill, and {false.text} healthy ones"
        lines.append(f"Detector on real targets: {calls}.")
    return lines


def _slopes(systems: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| arm | method | learned | error (baseline) | slope of invented | slope of removed | bias |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in systems:
        cells = [one["arm"], one["method"], f"{one['learned']} of {one['runs']}"]
        cells += [f"{one['error']:.3f} ({one['baseline']:.3f})", *(one["slopes"][kind].text for kind in KINDS)]
        word = {"fail": "yes", "pass": "none found", "not assessable": "not assessable"}[one["verdict"].outcome]
        lines.append(f"| {' | '.join([*cells, word])} |")
    return lines


def _shares(runs: Sequence[SweepRun]) -> list[str]:
    shares = sorted({run.share for run in runs})
    heads = [f"{100 * share:.0f} %" for share in shares]
    lines = [
        f"| invented / removed, as called, of all runs (corrected) | {' | '.join(heads)} |",
        "|---" * (len(shares) + 1) + "|",
    ]
    for (arm, method), own in by_system(runs).items():
        cells = []
        for share in shares:
            some = [run for run in own if run.share == share]
            called = _both([fmean(run.called(kind) for run in some) for kind in KINDS] if some else [])
            corrected = _both([fmean(run.rate(kind) for run in some) for kind in KINDS] if some else [])
            cells.append(f"{called} ({corrected})")
        lines.append(f"| {arm}, {method} | {' | '.join(cells)} |")
    return lines


def _both(rates: Sequence[float]) -> str:
    return " / ".join("–" if math.isnan(value) else f"{100 * value:.0f} %" for value in rates) or "–"

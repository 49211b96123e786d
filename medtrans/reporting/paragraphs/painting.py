"""How the pairs of a run were painted from label maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.reporting.paragraphs.degrading import chain_text
from medtrans.reporting.paragraphs.words import listed

TARGETS = {
    "CT": "CT without noise",
    "T1": "an MPRAGE of 1.5 T without noise and bias",
    "tissues": "maps of tissues",
}


def painting_sentences(painting: Mapping[str, Any] | None, degrading: Mapping[str, Any] | None) -> str:
    """Empty where images were read."""
    if not painting or not painting.get("target"):
        return ""
    kept = " The target of what looks like a T1 is itself, without noise and blur." if painting.get("keeps_t1") else ""
    contrasts = listed(_named(painting["contrasts"]))
    skulls = ", with thicknesses of skull and scalp drawn anew" if painting["new_skulls"] else ""
    chain = (degrading or {}).get("chain")
    worse = f" Sources were degraded by {chain_text(chain)}." if chain else ""
    return (
        f"No real image was used: pairs of MR and {TARGETS[painting['target']]} were painted from label maps of heads. "
        f"Half of the sources were {contrasts} of random scanners, half had random contrasts. In "
        f"training they were painted anew for every {painting['items_per_draw']} items{skulls}; each validation and "
        f"test case was painted once (seed {painting['seed']}).{kept}{worse}"
    )


def _named(contrasts: Sequence[str]) -> list[str]:
    """Each once, with its share where it is named more often."""
    shares = {name: contrasts.count(name) for name in contrasts}
    return [name if count == 1 else f"{name} ({count} in {len(contrasts)})" for name, count in shares.items()]

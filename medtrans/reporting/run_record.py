"""Record of a run: what it was told, and what it really read, trained and translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medtrans.core.finding import Verdict

FROZEN = "frozen models"
"""Key of a card: role → name and hash of a trained model that the method uses."""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What a run adds to its evaluation."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """The resolved recipe as plain values."""
    recipe: str = ""
    """The same as YAML."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """`card` of the model's config.json: the facts `data` and `training`, and what was declared."""
    journal: Sequence[Mapping[str, float]] = ()
    """Rows of the training journal."""
    sidecars: Sequence[Mapping[str, Any]] = ()
    """Of the translations."""
    monitor: str = ""
    """Label of the metric that chose the checkpoint."""
    convergence: Verdict | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """What was read (stages/_model_facts)."""
        return self.card.get("data") or {}

    @property
    def declared(self) -> Mapping[str, Any]:
        """Statements of the author (CardSettings)."""
        return self.card.get("declared") or {}

"""Inspection of a case: checks before and after its translation, made by the floors above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.translating.translation import Translation


class Inspection(Protocol):
    """May be sent to another process."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a result depends on beside model, input and settings, for the ledger."""
        ...

    def before(self, source: Volume, where: str) -> tuple[Finding, ...]:
        """Findings on a source. Raises InputRefused on one that must not be translated."""
        ...

    def after(self, source: Volume, translation: Translation, before: tuple[Finding, ...], where: str) -> Translation:
        """The translation with these findings and those of its own, and with what the sidecar says of the checks."""
        ...

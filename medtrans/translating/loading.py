"""Models of a translation: which ones, with what changed, on what; so that several processes load the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medtrans.translating.ensemble import AnyTranslator, load_members, together
from medtrans.translating.translator import Translator


@dataclass(frozen=True)
class Models:
    """One model folder, or several for their mean."""

    folders: tuple[Path, ...]
    device: str = "auto"
    engine: str = "auto"
    precision: str = "float32"
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Settings that replace those saved with the models."""
    consistent: bool = False
    """Translations agree with their sources: exactly, unless noise or posterior sampling is set in the model."""

    def load(self) -> AnyTranslator:
        """Raises ModelRefused, UsageError, EnvironmentRefused."""
        members = load_members(self.folders, self.device, self.engine, self.precision, **self.changes)
        return together([_consistent(member) for member in members] if self.consistent else members)


def _consistent(member: Translator) -> Translator:
    if member.settings.posterior_sampling is not None:
        return member
    return member.with_settings(data_consistency=member.settings.data_consistency or 0.0)

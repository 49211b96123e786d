"""Conditions that are given for a translation or a sample: numbers that the model takes, such as a slice thickness."""

from __future__ import annotations

from collections.abc import Iterable

from medtrans.core.errors import UsageError
from medtrans.preparing.preparation import Preparation


def assert_known_conditions(names: Iterable[str], preparations: Iterable[Preparation]) -> None:
    """Raises UsageError where a condition was given that none of the models takes."""
    taken = sorted({name for preparation in preparations for name in preparation.settings.conditions})
    for name in names:
        if name not in taken:
            models = f"this model takes {', '.join(taken)}" if taken else "this model takes none"
            raise UsageError(f"--condition {name}", "unknown condition", models)

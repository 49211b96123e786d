"""Primary metrics: those on which a claim is tested, named before the numbers are seen. All others describe.

Every test more makes each of them harder to pass (Holm), so that by default there is one: the first of the preset.
"""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean


def primary_metrics(labels: Sequence[str], named: Sequence[str] = (), where: str = "primary") -> tuple[str, ...]:
    """Those of `labels`, the metrics in their order, that are `named`; the first where none is.

    Raises UsageError with a suggestion on a name that is not among them.
    """
    for name in named:
        if name not in labels:
            raise UsageError(where, f"{name!r} is no metric of this evaluation", did_you_mean(name, labels))
    return tuple(label for label in labels if label in named) if named else tuple(labels[:1])

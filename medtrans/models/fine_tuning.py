"""Fine-tuning: initial weights of a trained model, wherever a layer of the same name has the same size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medtrans.core.errors import ModelRefused
from medtrans.core.finding import Finding
from medtrans.core.method import Method
from medtrans.models.folder import load_model
from medtrans.preparing.preparation import Preparation

KEYS = (
    "source_modality", "target_modality", "spacing", "orientation", "spatial_dims", "plane", "slices", "body_mask",
    "source_normalisation", "target_normalisation", "conditions",
)  # fmt: skip
"""Of a preparation: what the weights of a model were trained for."""
MAX_NAMES = 3


def start_from(method: Method, preparation: Preparation, folder: Path) -> list[Finding]:
    """Give `method` the weights of the model in `folder` that fit; what fitted, and each key that was changed.

    Raises ModelRefused where no layer fits.
    """
    other, theirs, _ = load_model(folder)
    own, given = method.state_dict(), other.state_dict()
    fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        what = f"has no layer of the name and size of one of {type(method).__name__} as it is set here"
        raise ModelRefused(folder, what, "use the method and the network that it was trained with")
    method.load_state_dict({**own, **fitting})
    unlike = [name for name in own if name not in fitting]
    more = f" and {len(unlike) - MAX_NAMES} more" if len(unlike) > MAX_NAMES else ""
    others = f"; new weights: {', '.join(unlike[:MAX_NAMES])}{more}" if unlike else ""
    what = f"gave {len(fitting)} of {len(own)} tensors as initial weights{others}"
    severity = "warn" if unlike else "note"
    first = Finding(code="fine-tuning", severity=severity, where=folder.name, what=what)  # type: ignore[arg-type]
    return [first, *_changed_keys(theirs, preparation, folder.name)]


def _changed_keys(theirs: Preparation, ours: Preparation, where: str) -> Iterator[Finding]:
    before, now = _facts(theirs), _facts(ours)
    for key in KEYS:
        if before[key] != now[key]:
            yield Finding(
                code="changed-key",
                severity="warn",
                where=where,
                what=f"was trained with preparing.{key} {before[key]}, and here it is {now[key]}",
                consequence="its layers have to learn that anew",
                advice=f"set preparing.{key} likewise, unless that is what you want",
            )


def _facts(preparation: Preparation) -> Mapping[str, Any]:
    settings = preparation.settings
    return {
        **preparation.to_dict(),
        "source_normalisation": settings.source_normalisation.unfitted(),
        "target_normalisation": settings.target_normalisation.unfitted(),
    }

"""What the options of medtrans translate stand for: inputs, and settings of the models that they replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medtrans.core.errors import UsageError

if TYPE_CHECKING:
    from medtrans.batching.plan import Inputs


def inputs_of(sources: Sequence[Path], from_list: Path | None) -> Inputs:
    """What is translated, as `translate` takes it. Raises UsageError, InputRefused."""
    from medtrans.batching.found_inputs import is_folder_of_volumes, read_list

    if sources and from_list is not None:
        raise UsageError("--from-list", "is given beside --input", "give one of them")
    if not sources and from_list is None:
        raise UsageError("--input", "is missing", "give a volume, a folder, or a list of volumes with --from-list")
    if from_list is not None:
        return read_list(from_list)
    if len(sources) == 1:
        return sources[0]
    return list(sources) if any(map(is_folder_of_volumes, sources)) else [sources]


def changes_of(
    options: Mapping[str, Any], mirror: bool | None, consistency: str | None, posterior: str | None, *, force: bool
) -> dict[str, Any]:
    """The settings of the models that options replace; None replaces none."""
    mirrored = None if mirror is None else "left_right" if mirror else "none"
    plain = {key: str(value) if isinstance(value, StrEnum) else value for key, value in options.items()}
    changes = {key: value for key, value in {**plain, "mirror": mirrored}.items() if value is not None}
    changes |= {"smallest_body": None} if force else {}
    noises = {"data_consistency": consistency, "posterior_sampling": posterior}
    return changes | {key: _noise(key, text) for key, text in noises.items() if text is not None}


def _noise(key: str, text: str) -> float | None:
    """The noise of the sources, for a setting; None for off."""
    if text == "off":
        return None
    try:
        noise = float(text)
    except ValueError:
        noise = -1.0
    if not 0 <= noise < 1:
        what = "is no noise relative to a signal"
        raise UsageError(f"--{key.replace('_', '-')} {text}", what, "give 0, a share below 1 such as 0.01, or off")
    return noise

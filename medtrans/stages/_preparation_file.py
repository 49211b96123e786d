"""Fitted preparation of a run, in its folder."""

from __future__ import annotations

from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.preparing.preparation import Preparation
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.runs import RunFolder

MAX_PREPARATION_BYTES = 1 << 24


def save_preparation(run: RunFolder, preparation: Preparation) -> None:
    """Raises EnvironmentRefused."""
    write_atomically(run.preparation, seal(preparation.to_dict()))


def load_preparation(run: RunFolder) -> Preparation:
    """Raises InputRefused where the file is missing, ModelRefused where it is damaged."""
    advice = "remove it, the cache and the checkpoints of this run to begin again, or copy the run folder again"
    try:
        return Preparation.from_dict(unseal(read_bytes(run.preparation, MAX_PREPARATION_BYTES)))
    except NotSealed as reason:
        raise ModelRefused(run.preparation, str(reason), advice) from reason
    except UsageError as reason:
        raise ModelRefused(run.preparation, f"{reason.where}: {reason.what}", advice) from reason

"""Check of a translation by its paths alone: what is wrong with them is said before torch is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medtrans.batching.batch_plan import Selection, plan_batch
from medtrans.batching.plan import Inputs
from medtrans.models.config import read_config, refuse_without_weights
from medtrans.models.zoo import model_folders
from medtrans.reading.storage import refuse_unwritable
from medtrans.reading.zipped_series import is_zip
from medtrans.stages._chosen_series import chosen_inputs


def check_translation(
    inputs: Inputs,
    output: Path,
    models: Sequence[str],
    *,
    pattern: str | None,
    recursive: bool,
    retry_failed: bool,
    part: tuple[int, int],
    series: str | None,
    **planned: Any,
) -> list[tuple[Path, ...]]:
    """The sources of each case; refuses what `translate` would refuse after its models are loaded.

    A zip is not unpacked for that.

    Raises ModelRefused, UsageError, InputRefused, EnvironmentRefused.
    """
    folders = model_folders(models)
    modalities = [_modalities(folder) for folder in folders]
    if isinstance(inputs, Path) and is_zip(inputs):
        refuse_unwritable(output.parent)
        return [(inputs,)]
    selection = Selection(pattern=pattern, recursive=recursive, part=part, retry_failed=retry_failed)
    with chosen_inputs(inputs, series, recursive=recursive) as (found, _):
        jobs = plan_batch(found, output, modalities[0], selection, protected=folders, **planned).jobs
    return [job.sources for job in jobs]


def _modalities(folder: Path) -> tuple[str, str]:
    """Of source and target; empty where the model does not say them, which loading it will."""
    config = read_config(folder)
    refuse_without_weights(folder)
    preparation = config.get("preparation")
    known = preparation if isinstance(preparation, dict) else {}
    return str(known.get("source_modality", "")), str(known.get("target_modality", ""))

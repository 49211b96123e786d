"""Translate: files by saved models, or by the mean of several."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtrans.batching.batch_plan import Selection
from medtrans.batching.file_formats import FileFormat
from medtrans.batching.masks import Masks
from medtrans.batching.outcome import Outcome, log_outcome
from medtrans.batching.plan import Inputs
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import UsageError
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.models.zoo import DEFAULT, model_folders
from medtrans.preparing.preparation import assert_known_conditions
from medtrans.stages._chosen_series import chosen_inputs, named
from medtrans.translating.ensemble import load_members, together
from medtrans.translating.translator import Translator


def translate(
    source: Inputs,
    output: Path,
    model: str | Path | Sequence[str | Path] = DEFAULT,
    *,
    device: str = "auto",
    engine: str = "auto",
    precision: str = "float32",
    overwrite: bool = False,
    resume: bool = False,
    pattern: str | None = None,
    recursive: bool = False,
    retry_failed: bool = False,
    accepted: Collection[str] = (),
    part: tuple[int, int] = (0, 1),
    tasks: str = "",
    dry_run: bool = False,
    conditions: Mapping[str, float] | None = None,
    masks: Masks = None,
    mask_label: int | None = None,
    changes: Mapping[str, Any] | None = None,
    record: Path | None = None,
    file_format: FileFormat = "auto",
    anonymous: bool = False,
    resample_tilt: bool = False,
    series: str | None = None,
    on_progress: ProgressCallback = no_progress,
    on_outcome: Callable[[Outcome], None] = log_outcome,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder into a folder; volumes of a list within a list are channels of a case.

    `pattern` chooses volumes of folders by their names, `recursive` searches folders in folders and keeps the tree;
    `retry_failed` takes only the cases that failed before, `accepted` are names of cases whose failure is known.
    `model` is a model folder or the name of a shipped model (`medtrans list models`); several are used as an ensemble.
    `masks` are the body masks, outside of which air is written, `mask_label` the value that counts in them; `tasks` are
    the first and last of an array of commands that share the folder; `engine` computes the networks (auto, torch,
    openvino), in `precision` (float32, bfloat16); `conditions` are numbers for models that use them; `changes` replace
    settings saved with the models (seed, samples, mirror, data_consistency); `record` is the JSON with the degradation
    of the sources, with which translations are made to agree; `file_format` is that of the outputs, `anonymous` leaves
    identity out of DICOM headers; `series` is the number, description or UID of one of several DICOM series;
    `resample_tilt` interpolates those of a tilted gantry; `dry_run` writes nothing and foretells each case.
    Raises UsageError, ModelRefused, EnvironmentRefused; what is wrong with one case becomes its Outcome.
    """
    folders = model_folders([model] if isinstance(model, (str, Path)) else model)
    members = load_members(folders, device, engine, precision, **(changes or {}))
    if record is not None and "data_consistency" not in (changes or {}):  # Given alone, it asks for agreement.
        members = [_consistent(member) for member in members]
    _refuse_idle_samples((changes or {}).get("samples", 1), members)
    assert_known_conditions(conditions or {}, [member.preparation for member in members])
    selection = Selection(pattern=pattern, recursive=recursive, part=part, retry_failed=retry_failed)
    with chosen_inputs(source, series, recursive=recursive) as (inputs, chosen):
        outcomes = translate_files(
            inputs,
            output,
            together(members),
            conditions=conditions,
            masks=masks,
            mask_label=mask_label,
            record=record,
            protected=folders,
            overwrite=overwrite,
            resume=resume,
            selection=selection,
            accepted=accepted,
            tasks=tasks,
            dry_run=dry_run,
            file_format=file_format,
            anonymous=anonymous,
            resample_tilt=resample_tilt,
            on_progress=on_progress,
            on_outcome=lambda outcome: on_outcome(named(outcome, chosen)),
        )
    return [named(outcome, chosen) for outcome in outcomes]


def _consistent(member: Translator) -> Translator:
    """With data consistency, exact unless the model has it, or posterior sampling, set."""
    if member.settings.posterior_sampling is not None:
        return member
    return member.with_settings(data_consistency=member.settings.data_consistency or 0.0)


def _refuse_idle_samples(samples: int, members: Sequence[Translator]) -> None:
    """Raise UsageError on several samples of models that all give one answer."""
    if samples > 1 and not any(member.method.noise_channels for member in members):
        what = "the model is deterministic, so every sample would be the same and there is no standard deviation"
        raise UsageError(f"--samples {samples}", what, "leave out --samples, or take a model that draws samples")

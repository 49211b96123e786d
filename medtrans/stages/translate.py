"""Translate: files by saved models, or by the mean of several."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtrans.auditing.calibrated import refuse_other_models
from medtrans.auditing.inspection import Inspector, inspection_of
from medtrans.batching.batch_plan import Selection
from medtrans.batching.executors import Executor
from medtrans.batching.file_formats import FileFormat
from medtrans.batching.masks import Masks
from medtrans.batching.outcome import Outcome, log_outcome
from medtrans.batching.plan import Inputs
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import UsageError
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.models.zoo import DEFAULT, model_folders
from medtrans.stages._chosen_series import chosen_inputs, named
from medtrans.stages._conditions import assert_known_conditions
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.loading import Models
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
    force: bool = False,
    uncertainty: bool = False,
    abstain_above: float | None = None,
    record: Path | None = None,
    file_format: FileFormat = "auto",
    anonymous: bool = False,
    resample_tilt: bool = False,
    series: str | None = None,
    executor: Executor | None = None,
    on_progress: ProgressCallback = no_progress,
    on_outcome: Callable[[Outcome], None] = log_outcome,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder into a folder; volumes of a list within a list are channels of a case.

    `model` is a folder or the name of a shipped model; several are an ensemble. `engine` computes the networks, in
    `precision`; `changes` replace settings saved with the models (seed, samples …); `force` translates what a gate
    refuses. `uncertainty` calibrates the map, `abstain_above` refuses a case by its expected error. `pattern` chooses
    volumes of folders by their names, `recursive` searches folders in folders and keeps the tree; `retry_failed` takes
    only the cases that failed before; `part` is number and count of commands that share a folder. `series` names one of
    several DICOM series. The others are those of `translate_files`. Raises UsageError, ModelRefused,
    EnvironmentRefused; what is wrong with one case becomes its Outcome.
    """
    folders = _folders(model)
    inspection = inspection_of(folders, force=force, uncertainty=uncertainty, abstain_above=abstain_above)
    own = inspection.changes | dict(changes or {})
    models = Models(folders, device, engine, precision, own, _asks_for_agreement(record, changes))
    with chosen_inputs(source, series, recursive=recursive) as (inputs, chosen):
        outcomes = translate_files(
            inputs,
            output,
            _loaded(models, conditions or {}, inspection),
            conditions=conditions,
            masks=masks,
            mask_label=mask_label,
            record=record,
            overwrite=overwrite,
            resume=resume,
            accepted=accepted,
            tasks=tasks,
            dry_run=dry_run,
            file_format=file_format,
            anonymous=anonymous,
            resample_tilt=resample_tilt,
            models=models,
            inspection=inspection,
            executor=executor,
            protected=models.folders,
            selection=Selection(pattern=pattern, recursive=recursive, part=part, retry_failed=retry_failed),
            on_progress=on_progress,
            on_outcome=lambda outcome: on_outcome(named(outcome, chosen)),
        )
    return [named(outcome, chosen) for outcome in outcomes]


def _asks_for_agreement(record: Path | None, changes: Mapping[str, Any] | None) -> bool:
    """A record that is given alone does."""
    return record is not None and "data_consistency" not in (changes or {})


def _folders(model: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(model_folders([model] if isinstance(model, (str, Path)) else model))


def _loaded(models: Models, conditions: Mapping[str, float], inspection: Inspector) -> AnyTranslator:
    """Raises UsageError on samples or conditions that the models do not take, and as `Models.load`."""
    translator = models.load()
    if inspection.uncertainty is not None:
        refuse_other_models(inspection.uncertainty.calibration, translator, str(models.folders[0]))
    _refuse_idle_samples(models.changes.get("samples", 1), translator.members)
    assert_known_conditions(conditions, [member.preparation for member in translator.members])
    return translator


def translate_folder(
    folder: str | Path,
    output: str | Path,
    translator: AnyTranslator,
    *,
    pattern: str | None = None,
    recursive: bool = False,
    masks: Masks = None,
    overwrite: bool = False,
    resume: bool = False,
    on_progress: ProgressCallback = no_progress,
    on_outcome: Callable[[Outcome], None] = log_outcome,
) -> list[Outcome]:
    """Translate the volumes of a folder by a translator that is loaded, with the files of `medtrans translate`.

    Arguments as of `translate`. Raises UsageError, InputRefused, EnvironmentRefused; what is wrong with one case
    becomes its Outcome.
    """
    selection = Selection(pattern=pattern, recursive=recursive)
    again, heard = {"overwrite": overwrite, "resume": resume}, {"on_progress": on_progress, "on_outcome": on_outcome}
    return translate_files(folder, output, translator, selection=selection, masks=masks, **again, **heard)  # type: ignore[arg-type]


def _refuse_idle_samples(samples: int, members: Sequence[Translator]) -> None:
    """Raise UsageError on several samples of models that all give one answer."""
    if samples > 1 and not any(member.method.noise_channels for member in members):
        what = "the model is deterministic, so every sample would be the same and there is no standard deviation"
        raise UsageError(f"--samples {samples}", what, "leave out --samples, or take a model that draws samples")

"""Translate: files by saved models, or by the mean of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtrans.batching.outcome import Outcome
from medtrans.batching.plan import Inputs
from medtrans.batching.translate_files import translate_files
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.preparing.preparation import assert_known_conditions
from medtrans.translating.ensemble import AnyTranslator, Ensemble
from medtrans.translating.translator import Translator


def translate(
    source: Inputs,
    output: Path,
    model: Path | Sequence[Path],
    *,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    conditions: Mapping[str, float] | None = None,
    changes: Mapping[str, Any] | None = None,
    on_progress: ProgressCallback = no_progress,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder into a folder; volumes of a list within a list are channels of a case.

    `conditions` are numbers for models that use them; `changes` replace settings saved with the models (seed, samples).
    Raises UsageError, ModelRefused, EnvironmentRefused; what is wrong with one case becomes its Outcome.
    """
    folders = [model] if isinstance(model, Path) else model
    members = [Translator.load(folder, device=device).with_settings(**(changes or {})) for folder in folders]
    assert_known_conditions(conditions or {}, [member.preparation for member in members])
    translator: AnyTranslator = members[0] if len(members) == 1 else Ensemble(members)
    return translate_files(
        source,
        output,
        translator,
        conditions=conditions,
        overwrite=overwrite,
        resume=resume,
        part=part,
        on_progress=lambda case, done: on_progress("translating", case, done),
    )

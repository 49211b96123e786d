"""Sets of volumes whose distances are measured, and the choices for it: checked before anything is loaded."""

from __future__ import annotations

from pathlib import Path

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.evaluating.distribution.choices import BUILT_IN, VIEWS
from medtrans.models.config import read_config
from medtrans.models.zoo import model_folder
from medtrans.reading.names import UNCERTAINTY, stem
from medtrans.reading.volumes import volumes_of


def volume_sets(generated: Path, real: Path) -> dict[str, list[Path]]:
    """The volumes of both folders. Raises InputRefused where one has none, EnvironmentRefused."""
    return {"generated": _volumes(generated), "real": _volumes(real)}


def refuse_wrong_choices(extractor: str, view: str | None, spacing: float | None) -> None:
    """Raises UsageError on a plane that there is not or a spacing beside a model, ModelRefused on what is no model."""
    if view is not None and view not in VIEWS:
        raise UsageError("--plane", f"nothing is named {view!r}", did_you_mean(view, VIEWS))
    if has_own_scale(extractor):
        return
    if spacing:
        raise UsageError("--spacing", "a model brings its own spacing", "leave --spacing out")
    read_config(model_folder(extractor))


def has_own_scale(extractor: str) -> bool:
    """Whether an extractor takes images on a scale of the two sets: a built-in one, or a network in TorchScript."""
    return extractor in BUILT_IN or Path(extractor).is_file()


def _volumes(folder: Path) -> list[Path]:
    paths = volumes_of(folder)
    # The standard deviation that lies beside a translation is not an image of the set.
    deviations = {stem(path) + UNCERTAINTY for path in paths}
    return [path for path in paths if stem(path) not in deviations]

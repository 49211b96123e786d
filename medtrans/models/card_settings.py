"""Statements of the author of a model for its card: licences, intended use, scanner, names of the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from annotated_types import MaxLen

from medtrans.core.settings import Settings

Statement: TypeAlias = Annotated[str, MaxLen(500)]


@dataclass(frozen=True, kw_only=True)
class CardSettings(Settings):
    licence: Statement = ""
    """Licence of the model, such as CC-BY-4.0."""
    data_licence: Statement = ""
    """Licence or terms of use of the training data."""
    intended_use: Statement = ""
    """What the model is made for."""
    not_for: Statement = ""
    """What the model must not be used for, in addition to diagnosis and treatment."""
    scanner: Statement = ""
    """Manufacturer, model and field strength behind the training images, where reading.table has no column scanner."""
    source: Statement = ""
    """Names of the source images in the order of the channels, such as "T1-weighted, FLAIR"."""
    target: Statement = ""
    """Names of the target images likewise."""

"""Failures: an error of one case as a finding, so that the other cases go on."""

from __future__ import annotations

from medtrans.core.errors import EmptyMask, EnvironmentRefused, GridMismatch, MedtransError
from medtrans.core.finding import Finding
from medtrans.reading.checks import ENVIRONMENT

PARTS = ("volume", "image")
"""Places that add nothing to the name of the case."""


def failure(case: str, error: MedtransError) -> Finding:
    """The finding of a case that could not be scored, by the code of the error."""
    return Finding(code=code_of(error), severity="refuse", where=case, what=_without(case, error), advice=error.advice)


def code_of(error: MedtransError) -> str:
    """That of the environment, the code that the error carries, else one by its class."""
    if isinstance(error, EnvironmentRefused):
        return ENVIRONMENT
    if error.code:
        return error.code
    if isinstance(error, GridMismatch):
        return "other-grid"
    return "empty-mask" if isinstance(error, EmptyMask) else "unreadable"


def _without(case: str, error: MedtransError) -> str:
    """What happened, after the place where it happened, unless that is the case itself."""
    return error.what if error.where in (case, *PARTS) else f"{error.where}: {error.what}"

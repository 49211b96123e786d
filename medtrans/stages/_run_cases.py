"""Cases of a run, after what is made once for each of them in the run folder: degraded sources, painted pairs,
registered targets."""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.core.case import Case
from medtrans.core.finding import Finding
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._degraded_cases import degraded_cases
from medtrans.stages._painted_cases import painted_cases
from medtrans.stages._registered_cases import registered_cases


def run_cases(
    recipe: Recipe, run: RunFolder, cases: Sequence[Case] | None = None, on_progress: ProgressCallback = no_progress
) -> tuple[list[Case], list[Finding]]:
    """The cases that are used, and a finding on each whose registration cannot be trusted.

    Raises UsageError, InputRefused, EnvironmentRefused.
    """
    cases = recipe.cases() if cases is None else list(cases)
    if recipe.painting.target:
        return painted_cases(recipe, run, cases, on_progress), []
    if recipe.degrading.chain:
        return degraded_cases(recipe, run, cases, on_progress), []
    if recipe.preparing.register:
        return registered_cases(recipe, run, cases, on_progress)
    return cases, []

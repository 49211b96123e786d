"""Run of half the steps: another run folder beside this one, of the same recipe, that trained half as long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medtrans.core.errors import MedtransError
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation
from medtrans.training.checkpoint import load_checkpoint
from medtrans.training.convergence import HalfRun
from medtrans.training.journal import Journal, Row, read_journal

MAX_FOLDERS = 200
"""Most neighbours that are looked at."""
INCIDENTAL = {"validate_every", "checkpoint_every", "log_every", "tensorboard", "workers", "device"}
"""Settings of a training that do not change what is learnt."""


def half_run(recipe: Recipe, folder: Path) -> HalfRun | None:
    """The finished run of half the steps, or of half the minutes, in a folder beside `folder`."""
    for path in sorted(folder.absolute().parent.glob("*/recipe.yaml"))[:MAX_FOLDERS]:
        other = RunFolder(path.parent)
        try:
            if _is_half(load_recipe(path), recipe) and other.model.exists():
                return HalfRun(path.parent.name, _proven_rows(other))
        except (MedtransError, OSError):
            continue
    return None


def _proven_rows(run: RunFolder) -> list[Row]:
    """The journal; its hash stands in the scores or, before there are any, in the checkpoint. Raises InputRefused."""
    if run.scores_json.is_file():
        read_evaluation(run)  # compares the hashes of recipe and journal
        return read_journal(run.journal)
    state = load_checkpoint(run.checkpoint)
    return Journal(run.journal, state["step"], state["journal"]).rows


def _is_half(one: Recipe, other: Recipe) -> bool:
    less, more = one.training, other.training
    same_work = _what_matters(one) == _what_matters(other)
    if less.minutes and more.minutes:
        return same_work and less.minutes * 2 == more.minutes
    return same_work and not (less.minutes or more.minutes) and less.steps == (more.steps + 1) // 2 < more.steps


def _what_matters(recipe: Recipe) -> Mapping[str, Any]:
    """What the weights depend on, other than how long they were trained."""
    values = recipe.to_dict()
    training = {k: v for k, v in values["training"].items() if k not in {*INCIDENTAL, "steps", "minutes"}}
    others = "reading", "painting", "degrading", "preparing", "method"
    return {**{key: values.get(key) for key in others}, "training": training}

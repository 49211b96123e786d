"""A finished run that is continued with more steps or minutes, in its folder."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.reading.storage import write_atomically
from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._half_run import INCIDENTAL
from medtrans.stages._same_recipe import changed_keys
from medtrans.training.checkpoint import load_checkpoint, save_checkpoint

FREE = {f"training.{key}" for key in ("steps", "minutes", *INCIDENTAL)}
"""What may differ."""


def refuse_not_longer(recipe: Recipe, run: RunFolder) -> None:
    """Raises UsageError unless the run in the folder can be continued by the recipe: only its training is longer."""
    if not (run.recipe.exists() and run.checkpoint.exists()):
        raise UsageError(run.path, "holds no training that could be continued", "leave --continue out")
    before = load_recipe(run.recipe)
    changed = [key for key in changed_keys(before, recipe) if key not in FREE]
    if changed:
        what = f"holds a run with another {changed[0]}, but --continue changes the length of a training alone"
        raise UsageError(run.path, what, "give another --folder, or training.start_from: its model")
    old, new = before.training, recipe.training
    is_longer = new.steps > old.steps or bool(old.minutes and new.minutes and new.minutes > old.minutes)
    is_shorter = new.steps < old.steps or bool(old.minutes and new.minutes and new.minutes < old.minutes)
    if is_shorter or not (is_longer or (old.minutes and not new.minutes)):
        had = f"{old.steps} steps" + (f" or {old.minutes:g} minutes" if old.minutes else "")
        example = (
            f"--set training.minutes={2 * old.minutes:g}" if old.minutes else f"--set training.steps={2 * old.steps}"
        )
        raise UsageError("--continue", f"needs a longer training than the {had} of the run", f"for example {example}")


def continue_run(recipe: Recipe, run: RunFolder) -> None:
    """Give the checkpoint, then the folder, the longer recipe. Killed in between, the same command does it again."""
    state = load_checkpoint(run.checkpoint)
    save_checkpoint(run.checkpoint, {**state, "settings": recipe.training.to_dict()})
    write_atomically(run.recipe, recipe.to_yaml().encode())

"""medtrans train."""

from __future__ import annotations

from pathlib import Path

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Changes, Fold, Folder, Longer, Quick, RecipeFile, Threads, changes_and_folder
from medtrans.core.strict_json import to_strict_json


@app.command()
def train(
    recipe: RecipeFile,
    folder: Folder = None,
    changes: Changes = None,
    quick: Quick = False,
    longer: Longer = False,
    fold: Fold = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Only train the model of a recipe (the first part of `run`). Resumes where it stopped."""
    from medtrans.catalogue import find_recipe
    from medtrans.cli.progress import ProgressBars
    from medtrans.recipe import load_recipe
    from medtrans.stages.train import train

    use_threads(threads)
    all_changes, below = changes_and_folder(changes, fold)
    loaded = load_recipe(find_recipe(recipe), all_changes, quick=quick)
    with ProgressBars() as progress:
        trained = train(loaded, folder or Path("runs") / loaded.name / below, longer=longer, on_progress=progress)
    if trained.is_main_process:
        print(to_strict_json(trained.to_dict()).rstrip() if as_json else trained.to_text())

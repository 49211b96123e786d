"""medtrans run."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Changes, Fold, Folder, Longer, Quick, RecipeFile, Threads, changes_and_folder


@app.command()
def run(
    recipe: RecipeFile,
    folder: Folder = None,
    changes: Changes = None,
    quick: Quick = False,
    longer: Longer = False,
    fold: Fold = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Run all stages of a recipe: check, train, translate, evaluate, report. Resumes where it stopped."""
    from medtrans.catalogue import find_recipe
    from medtrans.cli.progress import ProgressBars
    from medtrans.recipe import load_recipe
    from medtrans.stages.folds import score_folds
    from medtrans.stages.run import run

    use_threads(threads)
    all_changes, below = changes_and_folder(changes, fold)
    loaded = load_recipe(find_recipe(recipe), all_changes, quick=quick)
    place = folder or Path("runs") / loaded.name / below
    with ProgressBars() as progress:
        result = run(loaded, place, longer=longer, on_progress=progress)
        folds = score_folds(loaded, place.parent, progress) if result and place.name == below.name else None
    if result is None:
        return
    facts = {**result.to_dict(), **({"folds": folds.to_dict()} if folds else {})}
    print(json.dumps(facts, indent=1) if as_json else result.to_text() + (f"\n{folds.to_text()}" if folds else ""))
    raise typer.Exit(1 if result.failed else 0)

"""Put the models of runs into the package, under one name: python docs/ship_model.py NAME RUN [RUN …] --about SENTENCE

Each run becomes a member, called like its folder, of medtrans/models/zoo/NAME, with its gate.json. Steps and time of
its training go into its config.json, since a shipped model has no journal beside it; `--set` changes settings of the
translation (translating.mirror=left_right). The script of its pipeline scores it afterwards:

    python pipelines/NAME/score.py … -m NAME -o medtrans/models/zoo/NAME/scores.json --cards
"""

import argparse
import shutil
from pathlib import Path

from medtrans.auditing.gate.signature import GATE
from medtrans.models.folder import load_model, save_model
from medtrans.models.zoo import FOLDER
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._later_card import training_facts
from medtrans.training.journal import Journal

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--about", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="translating.KEY=VALUE")
    options = parser.parse_args()
    folder = FOLDER / options.name
    folder.mkdir(exist_ok=True)
    for run in map(RunFolder, options.runs):
        recipe = load_recipe(run.recipe, options.set)
        method, preparation, config = load_model(run.model)
        journal = Journal(run.journal, recipe.training.steps)
        card = dict(config["card"])
        card["training"] = {**card["training"], **training_facts(journal, recipe.training)}
        save_model(folder / run.path.name, method, preparation, card, translating=recipe.translating)
        if (run.model / GATE).is_file():
            shutil.copy(run.model / GATE, folder / run.path.name)
        print(folder / run.path.name)
    # The last: with this file the folder is a shipped model, which recipes look for.
    (folder / "about.yaml").write_text(f"about: {options.about}\n", encoding="utf-8")

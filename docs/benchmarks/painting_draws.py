"""Processor seconds to paint a training pair: python painting_draws.py LABELS [PAIRS] [KEY=VALUE …]

For the first three label maps of a folder: a new head (skull, scalp, fat and muscle) with its first pair, and the mean
of PAIRS further pairs of it, painted and prepared as the pipeline head_mr_to_ct does, or with other settings, such as
'preparing.spacing=[1, 1, 2]'.
"""

import sys
from time import process_time

import numpy as np

from medtrans.catalogue import find_recipe
from medtrans.recipe import load_recipe
from medtrans.stages._painted_cases import Painter

if __name__ == "__main__":
    labels, pairs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    recipe = load_recipe(find_recipe("head_mr_to_ct"), [f"reading.root={labels}", *sys.argv[3:]])
    cases = recipe.cases()
    painter = Painter([case.sources[0] for case in cases], recipe.painting, recipe.degrading, recipe.preparation())
    for case in range(min(len(cases), 3)):
        seconds = []
        for number in range(pairs + 1):
            began = process_time()
            painter(case, 0, np.random.default_rng([case, number]))
            seconds.append(process_time() - began)
        print(f"{cases[case].name:12} new head {seconds[0]:5.1f} s   pair {np.mean(seconds[1:]):5.2f} s", flush=True)

"""Translate a folder again and again, each time at once with another process that does the same.

python translate_rounds.py CASES OUT NUMBER ROUNDS: a round begins when both processes have said that they are ready.
"""

import json
import sys
import time
from pathlib import Path

import torch

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import UsageError
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity
from tests.translating.stand_ins import Same, translator_of

torch.set_num_threads(1)
cases, out, number, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
translator = Ensemble([translator_of(Same(), identity=Identity("toy", name)) for name in "ab"])
OPTIONS = ({}, {"overwrite": True}, {"resume": True}, {"overwrite": True, "resume": True})
for turn in range(rounds):
    (out / f"{turn}-{number}.ready").touch()
    while not (out / f"{turn}-{1 - number}.ready").exists():
        time.sleep(0.0005)
    try:
        outcomes = translate_files(cases, out / str(turn), translator, **OPTIONS[turn % 4])
        said = [(outcome.verdict, outcome.message) for outcome in outcomes]
    except UsageError as reason:  # The other process was faster.
        said = [("refused", str(reason))]
    (out / f"{turn}-{number}.json").write_text(json.dumps(said))

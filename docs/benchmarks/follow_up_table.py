"""Means over the test cases of what docs/follow_ups.md prints: python follow_up_table.py SCORES.csv STRUCTURES.csv"""

import csv
import math
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

METRICS = ("mae", "change_error", "change_error[where=outside]", "false_change")
SYSTEMS = ("translated", "copied source", "intensity lookup")


def rows(file):
    return list(csv.DictReader(Path(file).open(encoding="utf-8")))


def main(scores, structures):
    values, volumes = defaultdict(list), defaultdict(list)
    for row in rows(scores):
        value = float(row["value"] or "nan")
        if row["metric"] in METRICS and math.isfinite(value):
            values[row["system"], row["metric"]].append(value)
    for row in rows(structures):
        volumes[row["system"]].append([float(row[key]) for key in ("ml", "real_ml", "volume_error", "dice")])
    print(*METRICS, "lesion: ml", "in the target", "mean error", "Dice", sep=" | ")
    for system in SYSTEMS:
        if system in volumes:
            means = [f"{fmean(values[system, metric]):.3f}" for metric in METRICS if values[system, metric]]
            print(system, *means, *(f"{fmean(column):.3f}" for column in zip(*volumes[system], strict=True)), sep=" | ")


if __name__ == "__main__":
    main(*sys.argv[1:])

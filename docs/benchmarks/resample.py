"""Volumes on voxels of one size, smoothed before where voxels grow: python resample.py MM FILE … -o FOLDER

A map of 0 and 1 becomes 1 where at least --share of a voxel was 1.
"""

from argparse import ArgumentParser
from pathlib import Path

import numpy as np

from medtrans.preparing.geometry import grid_of_spacing, resample_like
from medtrans.reading.volumes import read_volume, write_volume

if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("mm", type=float)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--output", "-o", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for file in options.files:
        volume = read_volume(file)
        made = resample_like(volume, grid_of_spacing(volume, (options.mm,) * 3), background=volume.voxels.min())
        if volume.voxels.max() == 1:
            made = made.like((made.voxels >= options.share).astype(np.uint8))
        write_volume(made, options.output / file.name, overwrite=True)

"""Translations of a·x + b beside that of x: python gain_offset.py FOLDER OF A DEMO

The model of `medtrans demo` translates its test heads as they are and with another gain a and offset b, saved as float,
as integers and as scaled integers (scl_slope, scl_inter). The offset is given in ranges of the image, its 0.1st to
99.9th percentile. Printed is the mean |difference| of HU in the body, the largest over the heads and over all offsets
of a gain. Integers are written where the image then spans at least LEVELS of them: with fewer it is another image.
"""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import nibabel as nib
import numpy as np

from medtrans import Translator, read_volume

GAINS = (0.01, 1.0, 100.0)
OFFSETS = (0.0, 0.1, -0.1, 10.0)
LEVELS = 100


def saved(path: Path, values: np.ndarray, affine: np.ndarray, kind: str) -> Path:
    """`values` in a file of one kind."""
    low, high = float(values.min()), float(values.max())
    step = {"float": 1.0, "integer": 1.0, "scaled": (high - low) / 30000}[kind]
    shift = (low + high) / 2 if kind == "scaled" else 0.0
    stored = (values - shift) / step
    dtype = {"float": np.float32, "integer": np.int32, "scaled": np.int16}[kind]
    image = nib.Nifti1Image(stored.astype(dtype) if kind == "float" else np.rint(stored).astype(dtype), affine)
    image.header.set_slope_inter(step, shift)
    nib.save(image, path)
    return path


if __name__ == "__main__":
    demo = Path(sys.argv[1])
    translator = Translator.load(demo / "run" / "model", device="cpu")
    largest: dict[tuple[str, float], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sub-10", "sub-11"):
            source = read_volume(demo / "cases" / f"{name}_T1.nii.gz")
            body = read_volume(demo / "cases" / f"{name}_mask.nii.gz").voxels[0] > 0
            x, usual = source.voxels[0].astype(np.float64), translator(source).voxels[0].astype(float)
            low, high = np.percentile(x, (0.1, 99.9))
            for gain in GAINS:
                for offset in OFFSETS:
                    for kind in ("float", "integer", "scaled"):
                        if kind == "integer" and gain * (high - low) < LEVELS:
                            continue
                        values = gain * (x + offset * (high - low))
                        path = saved(Path(folder) / "x.nii", values, source.affine, kind)
                        found = translator(read_volume(path)).voxels[0]
                        largest[kind, gain].append(float(np.abs(found - usual)[body].mean()))
    kinds = list(dict.fromkeys(kind for kind, _ in largest))
    print(f"| gain | {' | '.join(kinds)} |\n|{'---|' * (1 + len(kinds))}")
    for gain in GAINS:
        cells = [f"{max(largest[kind, gain]):.2f}" if largest[kind, gain] else "–" for kind in kinds]
        print(f"| {gain:g} | {' | '.join(cells)} |")
    print(f"largest {max(max(found, default=0) for found in largest.values()):.2f} HU")

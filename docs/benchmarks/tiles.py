"""How much of a translation depends on where its tiles lie: python tiles.py MODEL SOURCE MASK [SIDE …]

A 3D model translates a volume by default and in windows of each SIDE, as they lie (overlap 0.5) and as they lie
otherwise (overlap 0.6). Differences inside the mask, in per cent of the target's range; the last column is from the
volume translated in one piece.
"""

import dataclasses
import sys
import time

import numpy as np

from medtrans import Translator, read_volume

if __name__ == "__main__":
    model, source, mask, *sides = sys.argv[1:]
    translator, volume, body = Translator.load(model), read_volume(source), read_volume(mask)
    asked, inside = translator.settings, body.voxels[0] > 0
    low, high = translator.preparation.settings.target.restore(np.array([-1, 1], np.float32)).tolist()

    def translated(window: tuple[int, ...], overlap: float = 0.5) -> np.ndarray:
        translator.settings = dataclasses.replace(asked, window=window, overlap=overlap)
        return translator(volume, body).voxels[0][inside].astype(float)

    def told(one: np.ndarray, other: np.ndarray) -> str:
        apart = 100 * np.abs(one - other) / (high - low)
        return f"{apart.mean():.2f} / {np.percentile(apart, 99):.1f} / {apart.max():.1f}"

    whole = translated(volume.shape[-3:])
    print(f"{'×'.join(map(str, volume.shape[-3:]))} voxels, on {translator.device}; mean / 99th percentile / most")
    print("| windows | seconds | tiled otherwise | in one piece |\n|---|---|---|---|")
    for side in [0, *map(int, sides)]:
        window = (side,) * 3 if side else ()
        began = time.monotonic()
        made = translated(window)
        taken = time.monotonic() - began
        differences = f"{told(made, translated(window, 0.6))} | {told(made, whole)}"
        print(f"| {f'{side}³' if side else 'by default'} | {taken:.1f} | {differences} |", flush=True)

"""Dependence of a translation on the position of its windows: python tiles.py MODEL SOURCE MASK [SIDE …]

A 3D model translates a volume with the default windows and with windows of each SIDE, at two positions (overlap 0.5
and 0.6). Differences inside the mask, in per cent of the target's range; the last column is from the
volume translated in one piece.
"""

import sys
import time

import numpy as np

from medtrans import Translator, read_volume

if __name__ == "__main__":
    model, source, mask, *sides = sys.argv[1:]
    translator, volume, body = Translator.load(model), read_volume(source), read_volume(mask)
    inside = body.voxels[0] > 0
    low, high = translator.preparation.settings.target_normalisation.restore(np.array([-1, 1], np.float32)).tolist()

    def translated(window: tuple[int, ...], overlap: float = 0.5) -> np.ndarray:
        shifted = translator.with_settings(window=window, overlap=overlap)
        return shifted(volume, body).voxels[0][inside].astype(float)

    def differences(one: np.ndarray, other: np.ndarray) -> str:
        percent = 100 * np.abs(one - other) / (high - low)
        return f"{percent.mean():.2f} / {np.percentile(percent, 99):.1f} / {percent.max():.1f}"

    whole = translated(volume.shape[-3:])
    print(f"{'×'.join(map(str, volume.shape[-3:]))} voxels, on {translator.device}; mean / 99th percentile / maximum")
    print("| windows | seconds | other positions | in one piece |\n|---|---|---|---|")
    for side in [0, *map(int, sides)]:
        window = (side,) * 3 if side else ()
        began = time.monotonic()
        image = translated(window)
        taken = time.monotonic() - began
        cells = f"{differences(image, translated(window, 0.6))} | {differences(image, whole)}"
        print(f"| {f'{side}³' if side else 'by default'} | {taken:.1f} | {cells} |", flush=True)

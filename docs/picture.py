"""The picture of the README, from a demo's folder: python docs/picture.py medtrans-demo docs/demo.png"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.reading.volumes import read_volume

if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    case = sorted((folder / "run" / "translations").glob("*.nii.gz"))[0].name.split(".")[0]
    source, target, mask = (
        read_volume(folder / "cases" / f"{case}_{k}.nii.gz").voxels[0] for k in ("T1", "CT", "mask")
    )
    made = read_volume(folder / "run" / "translations" / f"{case}.nii.gz").voxels[0]
    error = (made.astype(float) - target) * (mask > 0)
    figure = Figure((12, 6.9), facecolor="#101418")
    FigureCanvasAgg(figure)
    rows = ((2, int(0.66 * mask.shape[2])), (0, mask.shape[0] // 2))
    for row, (axis, index) in enumerate(rows):
        for column, (name, voxels, low, high) in enumerate(
            [
                ("MR", source, 0, np.percentile(source[mask > 0], 99.5)),
                ("CT", target, -160, 1200),
                ("translated", made, -160, 1200),
                ("difference, ±600 HU", error, -600, 600),
            ]
        ):
            axes = figure.add_axes((0.25 * column + 0.004, 0.485 * (1 - row) + 0.005, 0.242, 0.45))
            part = np.take(voxels, index, axis=axis).T[::-1, ::-1]
            axes.imshow(part, cmap="RdBu_r" if column == 3 else "gray", vmin=low, vmax=high, interpolation="bicubic")
            axes.set_axis_off()
            if row == 0:
                axes.set_title(name, color="#d8dde3", fontsize=13)
    figure.savefig(out, dpi=100, facecolor=figure.get_facecolor())

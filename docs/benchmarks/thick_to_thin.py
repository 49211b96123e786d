"""Thick slices to thin ones: a model against trilinear, cubic and sinc interpolation.

    python docs/benchmarks/thick_to_thin.py MODEL --thin DIR NAME … --thick SCAN.nii.gz … -o OUT

Thin scans DIR/NAME_T1.nii.gz with masks DIR/NAME_mask.nii.gz are degraded by profiles that the training has not seen.
An image y of the target x is compared along the slice axis, by columns x(z) of the mask with Fourier transforms X(f):

    H(f) = Σ Re Y X* / Σ |X|²       transfer: 1 where a detail of x is in y as it is       MTF50: where H falls to 1/2
    N² = Σ |Y - H X|² / Σ |X|²      what is in y and is no multiple of x: noise, aliasing, inventions

Bendat and Piersol, Random Data, 4th edition 2010, chapter 6, https://doi.org/10.1002/9781118032428. The noise in
planes is Haar's (medtrans/metrics/image/_noise.py). Each image is multiplied by the factor that fits its target best.
Scans that are thick have no target: there, detail is the power along the slice axis at 0.1 to 0.3 cycles a mm, relative
to that in planes. Writes a table, and a picture of each case.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.cli.degradation_words import parse_step
from medtrans.core.modality import find_modality
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import draw_all
from medtrans.degradations._record import case_rng, degrade_all
from medtrans.metrics.image._noise import noise
from medtrans.preparing.geometry import grid_of_spacing, orient, resample_like
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.translating.translator import Translator

PROFILES = {
    "box, 5.5 mm": ["thick_slices:millimetres=5.5,profile=box", "rician_noise:snr=50"],
    "box, 5 mm, gap of 1.5 mm": ["thick_slices:millimetres=5,gap=1.5,profile=box", "rician_noise:snr=50"],
}
"""The pipeline is trained with Gaussian profiles and gaps of 0 to 1 mm."""
DETAIL = (0.1, 0.3)
"""Cycles a mm."""
MODEL = "model"


def interpolations(thick: Volume, grid: Volume) -> dict[str, Volume]:
    """Trilinear, cubic spline and windowed sinc (Lanczos) on the grid."""
    return {
        "trilinear": resample_like(thick, grid, order=1),
        "cubic": resample_like(thick, grid, order=3),
        "sinc": _sinc(thick, grid),
    }


def _sinc(thick: Volume, grid: Volume) -> Volume:
    def image(volume: Volume) -> sitk.Image:
        out = sitk.GetImageFromArray(np.ascontiguousarray(volume.voxels[0].T.astype(np.float32)))
        out.SetSpacing(volume.spacing)
        turned = volume.affine[:3, :3] / np.array(volume.spacing)
        out.SetDirection(turned.ravel())
        out.SetOrigin(volume.affine[:3, 3])
        return out

    made = sitk.Resample(image(thick), image(grid), sitk.Transform(), sitk.sitkLanczosWindowedSinc, 0.0)
    return grid.like(np.clip(sitk.GetArrayFromImage(made).T[None], 0, None))


def transfer(image: np.ndarray, target: np.ndarray, mask: np.ndarray, mm: float) -> tuple[float, float]:
    """MTF50 in cycles a mm, and N, along the last axis of (i, j, k)."""
    columns = mask.mean(-1) > 0.5
    window = np.hanning(mask.shape[-1] + 2)[1:-1]
    y, x = (np.fft.rfft(one[columns] * window, axis=-1) for one in (image, target))
    power = np.square(np.abs(x)).sum(0)
    gain = (y * x.conj()).real.sum(0) / power
    waves = np.fft.rfftfreq(mask.shape[-1], mm)
    below = np.flatnonzero(gain < 0.5)
    n = below[0] if len(below) else len(gain) - 1
    crossing = float(np.interp(-0.5, -gain[n - 1 : n + 1], waves[n - 1 : n + 1])) if len(below) else float(waves[-1])
    return crossing, float(np.sqrt(np.square(np.abs(y - gain * x)).sum() / power.sum()))


def detail(image: np.ndarray, mask: np.ndarray, spacing: Sequence[float]) -> float:
    """Power along the slice axis relative to the mean of both others, in the band of details."""
    power = []
    for axis, mm in enumerate(spacing):
        rows, inside = np.moveaxis(image, axis, -1), np.moveaxis(mask, axis, -1)
        rows = rows[inside.mean(-1) > 0.3] * np.hanning(image.shape[axis] + 2)[1:-1]
        waves = np.fft.rfftfreq(image.shape[axis], mm)
        band = (waves >= DETAIL[0]) & (waves < DETAIL[1])
        power.append(float(np.square(np.abs(np.fft.rfft(rows, axis=-1)))[:, band].mean() / np.square(rows).mean()))
    return power[2] / ((power[0] + power[1]) / 2)


def scored(images: Mapping[str, Volume], target: Volume, mask: np.ndarray) -> dict[str, dict[str, float]]:
    """System → PSNR, MTF50, N and noise, relative to the target's 99.5th percentile."""
    y, rows = target.voxels[0].astype(np.float64), {}
    bright = np.percentile(y[mask], 99.5)
    for system, image in images.items():
        x = image.voxels[0].astype(np.float64)
        x = x * (x[mask] @ y[mask]) / (x[mask] @ x[mask])
        crossing, left = transfer(x, y, mask, target.spacing[2])
        error = max(np.sqrt(np.square((x - y)[mask]).mean()) / bright, 1e-9)
        fine = noise(x, mask, "noise", system) / bright
        rows[system] = {"PSNR": -20 * np.log10(error), "MTF50": crossing, "N": left, "noise": fine}
    return rows


def picture(images: Mapping[str, Volume], file: Path) -> None:
    """Sagittal and coronal planes through the middle of the body."""
    some = next(iter(images.values())).voxels[0]
    i, j, k = (int(np.median(place)) for place in np.nonzero(some > 0.2 * np.percentile(some, 99)))
    chart = Figure(figsize=(3.2 * len(images), 6.2), layout="constrained")
    FigureCanvasAgg(chart)
    for column, (system, image) in enumerate(images.items()):
        x = image.voxels[0]
        for row, plane in enumerate((x[i + 12, :, max(k - 60, 0) : k + 60], x[:, j, max(k - 60, 0) : k + 60])):
            axes = chart.add_subplot(2, len(images), row * len(images) + column + 1)
            axes.imshow(plane.T, cmap="gray", origin="lower", vmin=0, vmax=np.percentile(x, 99.7))
            axes.set_axis_off()
            if not row:
                axes.set_title(system)
    chart.savefig(file, dpi=100)


def held_out(name: str, folder: Path, translator: Translator, output: Path) -> list[dict[str, str]]:
    """Rows of a thin scan, degraded by each profile."""
    target, mr = read_volume(folder / f"{name}_T1.nii.gz"), find_modality("MR")
    mask, rows = read_volume(folder / f"{name}_mask.nii.gz"), []
    for profile, chain in PROFILES.items():
        record = draw_all(tuple(parse_step(words) for words in chain), case_rng(0, name))
        images = interpolations(degrade_all(target, record, mr), target)
        images[MODEL] = translator(images["cubic"], mask)
        picture({**images, "target": target}, output / f"{name}_{profile.split(',')[1].strip().replace(' ', '_')}.png")
        scores = scored({**images, "target": target}, target, mask.voxels[0] > 0)
        for system in images:
            one = scores[system]
            gain = one["PSNR"] - max(scores[other]["PSNR"] for other in images if other != MODEL)
            noise_ratio = one["noise"] / scores["target"]["noise"]
            rows.append(
                {"case": name, "profile": profile, "system": system, "PSNR": f"{one['PSNR']:.2f}"}
                | {"above the best interpolation": f"{gain:+.2f} dB" if system == MODEL else ""}
                | {"MTF50 1/mm": f"{one['MTF50']:.3f}", "N": f"{100 * one['N']:.1f} %", "noise": f"{noise_ratio:.2f}"}
            )
    return rows


def really_thick(file: Path, translator: Translator, output: Path) -> list[dict[str, str]]:
    """Rows of a scan with thick slices."""
    thick, _ = orient(read_volume(file), "RAS")
    grid = grid_of_spacing(thick, (1.0, 1.0, 1.0))
    images = interpolations(thick, grid)
    images[MODEL] = translator(images["cubic"])
    picture(images, output / f"{file.name.removesuffix('.nii.gz')}.png")
    write_volume(images[MODEL], output / file.name, overwrite=True)
    mask, rows = images["trilinear"].voxels[0] > 0.1 * np.percentile(thick.voxels, 99.5), []
    in_planes = noise(images["trilinear"].voxels[0], mask, "noise", "trilinear")
    for system, image in images.items():
        x = image.voxels[0].astype(np.float64)
        x = x * np.percentile(images["cubic"].voxels[0][mask], 99.5) / np.percentile(x[mask], 99.5)
        through = detail(x * mask, mask, grid.spacing)
        fine = noise(x, mask, "noise", system) / in_planes
        rows.append({"case": file.name, "system": system, "detail": f"{through:.2f}", "noise": f"{fine:.2f}"})
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--thin", nargs="+", default=[], help="folder, and names of its cases")
    parser.add_argument("--thick", nargs="*", type=Path, default=[])
    parser.add_argument("--output", "-o", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    on_source_grid = Translator.load(options.model).with_settings(grid="source")
    for case in options.thin[1:]:
        print(text_table(held_out(case, Path(options.thin[0]), on_source_grid, options.output)), flush=True)
    for scan in options.thick:
        print(text_table(really_thick(scan, on_source_grid, options.output)), flush=True)

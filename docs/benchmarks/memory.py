"""Peak memory of `medtrans translate`, in sizes of the volume in the file: one volume of int16, about half of it body.

python docs/benchmarks/memory.py                                  512 × 512 × 600, two levels of 4 features
python docs/benchmarks/memory.py --channels 24,48,96,192,192      the default network
python docs/benchmarks/memory.py --shape 128,128,96               small
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from medtrans.core.volume import Volume
from medtrans.methods import load
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from medtrans.stages.translate import translate


def head(shape: tuple[int, ...], centre: float) -> np.ndarray:
    """A textured ellipsoid in noisy air, slice by slice: int16 (1, i, j, k)."""
    rng, out = np.random.default_rng(0), np.empty((1, *shape), np.int16)
    i, j = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape[:2]), indexing="ij")
    for number, k in enumerate(np.linspace(-1, 1, shape[2])):
        inside = i**2 + j**2 + (k / centre) ** 2 < 0.95
        out[0, ..., number] = rng.normal(20, 5, shape[:2]) + inside * rng.normal(500, 100, shape[:2])
    return out


def model(folder: Path, modality: str, channels: list[int]) -> Path:
    """An untrained regression from MR to CT, or to MR, in 2.5D."""
    target = Linear() if modality == "CT" else Percentiles(typical_range=(0, 600))
    settings = PreparingSettings(
        source_normalisation=Percentiles(typical_range=(0, 600)), target_normalisation=target, slices=3
    )
    preparation = Preparation(settings, "MR", modality, () if modality == "CT" else (600.0,))
    kind = load("regression")
    torch.manual_seed(0)
    settings_of_method = kind.Settings.from_dict({"generator": {"name": "unet", "channels": channels}})
    save_model(folder / "model", kind(preparation.task(1, 1), settings_of_method), preparation, {})
    return folder / "model"


def status_bytes(name: str) -> int:
    """A line of /proc/self/status in bytes: VmRSS, resident memory now; VmHWM, at most since it was reset."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--shape", default="512,512,600")
    options.add_argument("--channels", default="4,4", help="of the U-Net")
    options.add_argument("--target", default="CT", choices=("CT", "MR"))
    options.add_argument("--height", type=float, default=1.0, help="of the body, as a fraction of the volume's")
    given = options.parse_args()
    shape, channels = (tuple(map(int, text.split(","))) for text in (given.shape, given.channels))
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = model(folder, given.target, list(channels))
        measure(folder, path, (32, 32, 32), given.height)  # Loads libraries, which are not counted.
        size, more, seconds = measure(folder, path, shape, given.height)
    print(f"{size / 1e6:.0f} MB of voxels, {more / 1e6:.0f} MB more than before: {more / size:.1f} ({seconds:.0f} s)")


def measure(folder: Path, path: Path, shape: tuple[int, ...], height: float) -> tuple[int, int, float]:
    """Bytes of the voxels in the file, of memory above that before, and processor seconds."""
    source = Volume(head(shape, height), np.diag([-0.5, -0.5, 1, 1]))
    write_volume(source, folder / "in.nii.gz", overwrite=True)
    del source
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew.
    before, began = status_bytes("VmRSS"), time.process_time()
    [outcome] = translate(folder / "in.nii.gz", folder / "out.nii.gz", path, device="cpu", overwrite=True)
    assert outcome.verdict == "done", outcome.message
    return 2 * math.prod(shape), status_bytes("VmHWM") - before, time.process_time() - began


if __name__ == "__main__":
    main()

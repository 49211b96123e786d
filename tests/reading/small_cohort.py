"""A cohort of tiny volumes in files."""

import numpy as np

from medtrans.core.volume import Volume
from medtrans.reading.settings import ImageSettings, ReadingSettings
from medtrans.reading.volumes import write_volume


def MR(*patterns):
    return ImageSettings(pattern=patterns, modality="MR")


def CT(*patterns):
    return ImageSettings(pattern=patterns, modality="CT")


def put(path, value=0, affine=None, low=0):
    """A small volume whose bytes differ from those of every other `value`."""
    voxels = np.arange(64, dtype=np.float32).reshape(1, 4, 4, 4) + 100 * value + low
    if "mask" in path.name:
        voxels = ((voxels + value) % 7 > 2).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(Volume(voxels, np.eye(4) if affine is None else affine), path, overwrite=True)


def cohort(folder, count=10):
    for number in range(count):
        for value, kind in enumerate(("T1", "T2", "mask")):
            put(folder / f"sub{number}_{kind}.nii.gz", 3 * number + value)
    return ReadingSettings(root=folder, source=MR("*_T1.nii.gz"), target=MR("*_T2.nii.gz"), mask="*_mask.nii.gz")


def table(folder, text):
    (folder / "cases.csv").write_text(text)
    return ReadingSettings(
        root=folder, source=MR(), target=MR(), table=folder / "cases.csv", test_fraction=0, validation_fraction=0
    )

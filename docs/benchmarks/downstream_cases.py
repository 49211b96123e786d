"""Cases for the benchmark of downstream tasks: python downstream_cases.py phantoms|body|lesions FOLDER [DATA]

phantoms: synthetic heads of 3 mm with two lesions, T1, T2, FLAIR and their tissues; body: the right and the left half
of the CT in body_ct, mirrored so that both look alike, organs of one pair under one number; lesions: FLAIR and lesions
of brain_ms. Degraded copies serve as translations: blurred, noisy, or with a structure erased. FOLDER gets
SPLIT/KIND/NAME.nii.gz.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Lesion, make_head
from medtrans.phantoms.contrasts import paint
from medtrans.phantoms.tissues import NUMBER
from medtrans.reading.volumes import read_volume, write_volume

SPLITS = {"translator": range(10), "segmenter": range(10, 20), "test": range(20, 26)}
TISSUES = {
    1: ("cortical bone", "marrow", "dentine", "enamel"),
    2: ("CSF",),
    3: ("grey matter", "deep grey matter"),
    4: ("white matter",),
    5: ("lesion",),
}
PAIRS = {1: (2, 3), 2: (75, 76), 3: (77, 78), 4: (80, 81), 5: (82, 83), 6: (86, 87), 7: (88, 89)}
"""Kidney, femur, hip, gluteus maximus and medius, autochthon, iliopsoas: TotalSegmentator's numbers, of both sides."""
FWHM = 2.355


def write(folder: Path, name: str, volume: Volume, dtype) -> None:
    write_volume(volume, folder / f"{name}.nii.gz", dtype=dtype, overwrite=True)


def degraded(volume: Volume, millimetres: float, noise: float) -> Volume:
    """Blurred to a full width at half maximum of so much, with Gaussian noise of that standard deviation."""
    sigma = [millimetres / FWHM / mm for mm in volume.spacing]
    blurred = gaussian_filter(volume.voxels[0].astype(np.float32), sigma)
    return volume.like(blurred + noise * np.random.default_rng(0).standard_normal(blurred.shape, np.float32))


def numbered(labels: np.ndarray, table: dict) -> np.ndarray:
    return np.sum([number * np.isin(labels, of) for number, of in table.items()], axis=0, dtype=np.uint8)


def phantoms(folder: Path) -> None:
    tissues = {number: [NUMBER[name] for name in names] for number, names in TISSUES.items()}
    for split, seeds in SPLITS.items():
        for seed in seeds:
            head = make_head(seed, shape=(64, 72, 64), spacing=3.0, lesions=[Lesion(18.0), Lesion(12.0)])
            labels = head.tissues.like(numbered(head.tissues.voxels, tissues))
            write(folder / split / "labels", f"sub-{seed:02}", labels, np.uint8)
            for number, kind in enumerate(("T1", "T2", "FLAIR")):
                volume = paint(head, kind, np.random.default_rng([seed, number]))
                write(folder / split / kind, f"sub-{seed:02}", volume, np.uint16)
                if split == "test" and kind != "T1":
                    worse(folder / split / kind, f"sub-{seed:02}", volume, labels)


def worse(folder: Path, name: str, image: Volume, labels: Volume) -> None:
    """A blurred copy, and one whose lesions have the median value of white matter."""
    write(folder.with_name(f"{folder.name}_blurred"), name, degraded(image, 9, 0), np.uint16)
    erased = np.where(labels.voxels == 5, np.median(image.voxels[labels.voxels == 4]), image.voxels)
    write(folder.with_name(f"{folder.name}_erased"), name, image.like(erased), np.uint16)


def body(folder: Path, data: Path) -> None:
    ct, organs = (read_volume(data / "body_ct" / f"b01_{kind}.nii.gz") for kind in ("CT", "organs"))
    labels = numbered(organs.voxels[0], PAIRS)
    middle = ct.shape[0] // 2
    for split, half in (("segmenter", slice(None, middle)), ("test", slice(None, middle - 1, -1))):
        image = Volume(ct.voxels[:, half], np.diag([3.0, 3, 3, 1]))
        truth = image.like(labels[half])
        name = "left" if split == "segmenter" else "right"
        write(folder / split / "labels", name, truth, np.uint8)
        write(folder / split / "CT", name, image, np.int16)
        if split == "test":
            write(folder / split / "blurred", name, degraded(image, 9, 0), np.int16)
            write(folder / split / "noisy", name, degraded(image, 0, 150), np.int16)
            erased = np.where(truth.voxels == 1, -90, image.voxels)
            write(folder / split / "erased", name, image.like(erased), np.int16)


def lesions(folder: Path, data: Path) -> None:
    for split, name in (("segmenter", "p19"), ("test", "p07")):
        flair, lesion = (read_volume(data / "brain_ms" / f"{name}_{kind}.nii.gz") for kind in ("FLAIR", "lesion"))
        write(folder / split / "FLAIR", name, flair, np.int16)
        write(folder / split / "labels", name, lesion, np.uint8)
        if split == "test":
            write(folder / split / "blurred", name, degraded(flair, 6, 0), np.int16)
            erased = np.where(lesion.voxels > 0, np.median(flair.voxels[flair.voxels > 0]), flair.voxels)
            write(folder / split / "erased", name, flair.like(erased), np.int16)


if __name__ == "__main__":
    kind, folder, *data = sys.argv[1:]
    {"phantoms": phantoms, "body": body, "lesions": lesions}[kind](Path(folder), *map(Path, data))

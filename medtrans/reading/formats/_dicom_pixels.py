"""Pixels of DICOM files in their unit: stored bits, sign, slope and intercept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.reading.formats._dicom_frames import Frame
from medtrans.reading.formats._dicom_series import read_dataset, whole
from medtrans.reading.memory import is_out_of_memory

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
DECODERS = (
    "pip install 'medtrans[dicom]'; without internet, pip download python-gdcm pyjpegls elsewhere, and "
    "pip install --no-index --find-links FOLDER python-gdcm pyjpegls here"
)
NO_DECODER = (RuntimeError, NotImplementedError)
"""What pydicom raises where none of its plugins can decode."""


def voxels_of(frames: Sequence[Frame]) -> np.ndarray:
    """(1, column, row, frame): whole numbers where slope and intercept are, else float32.

    Raises InputRefused, EnvironmentRefused where a decoder is missing.
    """
    is_whole = all(frame.slope == 1 and frame.intercept == round(frame.intercept) for frame in frames)
    columns, rows = frames[0].size
    out = np.empty((1, columns, rows, len(frames)), np.int32 if is_whole else np.float32)
    stored: dict[Path, np.ndarray] = {}
    for place, frame in enumerate(frames):
        path = frame.header.path
        if path not in stored:
            stored = {path: _stored(path)}
        image = stored[path][frame.number].T
        if image.shape != (columns, rows):
            raise InputRefused(path, f"has {image.shape} pixels, not {(columns, rows)}", "export it again")
        out[0, ..., place] = image * frame.slope + frame.intercept if not is_whole else image + int(frame.intercept)
    fits = is_whole and out.min() >= np.iinfo(np.int16).min and out.max() <= np.iinfo(np.int16).max
    return out.astype(np.int16) if fits else out


def _stored(path: Path) -> np.ndarray:
    """(frame, row, column): the stored numbers, with their sign."""
    dataset = read_dataset(path, pixels=True)
    if not any(name in dataset for name in PIXELS):
        raise InputRefused(path, "has no pixels: its header alone was exported", "export the series with its images")
    try:
        pixels = dataset.pixel_array
    except NO_DECODER as reason:
        if is_out_of_memory(reason):
            raise
        name = dataset.file_meta.TransferSyntaxUID.name
        what = f"is compressed ({name}), and no decoder for it is installed"
        raise EnvironmentRefused(path, what, DECODERS) from reason
    except Exception as reason:  # pydicom and its decoders raise many kinds for damaged pixels.
        if is_out_of_memory(reason):
            raise
        what = f"its pixels cannot be read ({type(reason).__name__}: {str(reason)[:80]})"
        raise InputRefused(path, what, "copy or export it again") from reason
    return _signed(pixels[None] if pixels.ndim == 2 else pixels, dataset, path)


def _signed(pixels: np.ndarray, dataset: Any, path: Path) -> np.ndarray:
    """The lowest BitsStored bits alone, the highest of them being the sign where there is one."""
    allocated = whole(dataset, "BitsAllocated", 16, path)
    unused = allocated - whole(dataset, "BitsStored", allocated, path)
    if pixels.dtype.kind not in "iu" or not 0 <= unused < allocated:
        return pixels
    kind = "i" if whole(dataset, "PixelRepresentation", 0, path) else "u"
    same = pixels.astype(np.dtype(f"{kind}{pixels.dtype.itemsize}"), copy=False)
    return (same << unused) >> unused if unused else same

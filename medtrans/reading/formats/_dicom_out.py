"""Derived DICOM series: a volume that was computed from a series, as CT or MR images or as a segmentation.

Position and orientation are those of the slices of the source, digit by digit. Identifiers follow from the inputs, the
model, the settings and the voxels, and nothing holds the time: the same translation gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.reading.formats._dicom_anonymous import anonymise
from medtrans.reading.formats._dicom_header import SeriesHeader, SliceHeader
from medtrans.reading.formats._dicom_modules import STORAGE, add_scale, add_sources, add_windows, series_dataset
from medtrans.reading.formats._dicom_provenance import Provenance
from medtrans.reading.formats._dicom_seg import as_segmentation
from medtrans.reading.formats._dicom_stored import stored_numbers
from medtrans.reading.formats._dicom_uids import derived_uid
from medtrans.reading.grids import LPS_TO_RAS
from medtrans.reading.storage import write_atomically

if TYPE_CHECKING:
    from pydicom import Dataset

BYTES_PER_HEADER = 8192
"""More than the header of a derived image takes."""
DIGITS = 12
"""Significant digits of a number in millimetres."""


def bytes_of_series(shape: tuple[int, ...]) -> int:
    """Bytes that a derived series of that many voxels takes, at most."""
    columns, rows, slices = shape
    return slices * (columns * rows * 2 + BYTES_PER_HEADER)


def write_derived(volume: Volume, folder: Path, made: Provenance) -> str:
    """Write one file a slice, or one segmentation, into a new folder, and return the UID of the series.

    The volume was computed from a DICOM series, which is its origin.

    Raises UsageError for another modality than CT, MR and labels, InputRefused where the origin is no series,
    EnvironmentRefused on a full disk.
    """
    if made.modality.name not in STORAGE:
        what = f"{made.modality.name} is not written as DICOM"
        raise UsageError(folder, what, f"write NIfTI (--format nifti): DICOM is written for {', '.join(STORAGE)}")
    header = volume.origin.header if volume.origin else None
    if not isinstance(header, SeriesHeader):
        what = "its source names no patient, study and frame of reference"
        raise InputRefused(folder, what, "give the DICOM series as the input, or write NIfTI")
    series = ""
    for number, dataset in enumerate(_images(volume, header, made), start=1):
        write_atomically(folder / f"{number:04d}.dcm", _bytes(dataset), overwrite=False)
        series = str(dataset.SeriesInstanceUID)
    return series


def _images(volume: Volume, header: SeriesHeader, made: Provenance) -> Iterator[Dataset]:
    """The data sets of all slices, from below: the same object, changed."""
    stored, slope = stored_numbers(volume.voxels[0])
    series = derived_uid(
        "series", made.inputs_sha256, made.model_sha256, made.settings_sha256, made.version, _digest(volume, stored)
    )
    out = series_dataset(volume, header, made, series)
    is_same = len(header.slices) == volume.shape[2] and np.array_equal(header.affine, volume.affine)
    places = header.slices if is_same else _places(volume, header)
    if made.modality.name == "labels":
        out.SOPInstanceUID = derived_uid("image", series, "0")
        out = as_segmentation(out, volume, header, places, made)
        yield anonymise(out, made) if made.anonymous else out
        return
    add_scale(out, slope, made)
    add_windows(out, volume, made)
    for k, place in enumerate(places):
        out.SOPInstanceUID = derived_uid("image", series, str(k))
        out.InstanceNumber = k + 1
        _place(out, place, volume)
        sources = [place.instance] if is_same else [each.instance for each in header.slices]
        add_sources(out, sources, same_place=is_same)
        out.PixelData = np.ascontiguousarray(stored[..., k].T).astype("<i2", copy=False).tobytes()
        yield anonymise(out, made) if made.anonymous else out


def _place(out: Dataset, place: SliceHeader, volume: Volume) -> None:
    from pydicom.valuerep import format_number_as_ds

    out.ImagePositionPatient = [format_number_as_ds(each) for each in place.position]
    out.ImageOrientationPatient = [format_number_as_ds(each) for each in place.orientation]
    out.PixelSpacing = [format_number_as_ds(each) for each in place.spacing]
    out.SliceThickness = format_number_as_ds(place.thickness)
    out.SpacingBetweenSlices = format_number_as_ds(float(f"{volume.spacing[2]:.{DIGITS}g}"))
    normal = np.cross(place.orientation[:3], place.orientation[3:])
    out.SliceLocation = format_number_as_ds(float(f"{float(normal @ place.position):.9g}"))


def _places(volume: Volume, header: SeriesHeader) -> list[SliceHeader]:
    """Where slices lie that were computed on another grid than that of the source."""
    affine = LPS_TO_RAS @ volume.affine
    i, j, k = volume.spacing
    directions = tuple(_rounded(each) for each in (affine[:3, :2] / [i, j]).T.ravel())
    places = [tuple(_rounded(each) for each in affine[:3, 3] + n * affine[:3, 2]) for n in range(volume.shape[2])]
    instance, spacing = header.slices[0].instance, (_rounded(j), _rounded(i))
    return [SliceHeader(instance, place, directions, spacing, _rounded(k)) for place in places]


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}") + 0.0


def _digest(volume: Volume, stored: np.ndarray) -> str:
    """SHA-256 of voxels and place."""
    digest = hashlib.sha256(volume.affine.astype("<f8").tobytes())
    for k in range(stored.shape[-1]):
        digest.update(np.ascontiguousarray(stored[..., k]).astype("<i2", copy=False).tobytes())
    return digest.hexdigest()


def _bytes(dataset: Dataset) -> bytes:
    """A DICOM file in explicit little endian."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()

"""DICOM Segmentation of a label map: one binary segment for each label, in one file of many frames.

A frame is a slice of a segment; slices in which it has no voxel are left out. Labels have no names here: a segment is
called "label 3", and its property is tissue. DICOM PS3.3, A.51 and C.8.20:
https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_A.51
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.formats._dicom_header import Instance, SeriesHeader, SliceHeader
from medtrans.reading.formats._dicom_modules import code
from medtrans.reading.formats._dicom_provenance import Provenance
from medtrans.reading.formats._dicom_uids import derived_uid

if TYPE_CHECKING:
    from pydicom import Dataset

TISSUE = ("85756007", "Tissue", "SCT")
SEGMENT_NUMBER, SEGMENT, POSITION, PLANE = 0x0062000B, 0x0062000A, 0x00200032, 0x00209113
"""Tags by which frames are indexed: number of the segment and position, and the sequences that hold them."""
MAX_SEGMENTS = 65535
NOT_IN_SEGMENTATIONS = ("AcquisitionNumber", "ImageComments", "AcquisitionDate", "AcquisitionTime", "Laterality")


def as_segmentation(
    out: Dataset, volume: Volume, header: SeriesHeader, places: Sequence[SliceHeader], made: Provenance
) -> Dataset:
    """The data set of a series, completed as a segmentation. `places` are those of the slices of the volume.

    Raises InputRefused where no voxel has a label.
    """
    labels = [int(label) for label in np.unique(volume.voxels[0]) if label > 0][:MAX_SEGMENTS]
    if not labels:
        what = "holds no label above 0, and a DICOM segmentation has at least one segment"
        raise InputRefused("the translation", what, "write NIfTI (--format nifti)")
    for name in NOT_IN_SEGMENTATIONS:
        if name in out:
            delattr(out, name)
    now = datetime.datetime.now(datetime.UTC)
    out.ContentDate, out.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    out.ImageType, out.SegmentationType = ["DERIVED", "PRIMARY"], "BINARY"
    out.BitsAllocated, out.BitsStored, out.HighBit, out.PixelRepresentation = 1, 1, 0, 0
    out.InstanceNumber, out.ContentLabel, out.ContentCreatorName = 1, "SYNTHETIC", ""
    out.ContentDescription = "labels computed by a model"
    out.DeviceSerialNumber = made.model_sha256[:32] or "none"
    out.SegmentSequence = [_segment(number, label, made) for number, label in enumerate(labels, start=1)]
    _add_dimensions(out)
    frames = [(n, k) for n, label in enumerate(labels, start=1) for k in _slices_with(volume, label)]
    out.NumberOfFrames = len(frames)
    out.SharedFunctionalGroupsSequence = [_shared(places[0], volume)]
    same = len(header.slices) == len(places) and np.array_equal(header.affine, volume.affine)
    out.PerFrameFunctionalGroupsSequence = [
        _frame(n, k, places[k], [places[k].instance] if same else [], made) for n, k in frames
    ]
    out.ReferencedSeriesSequence = _referenced_series(header, made)
    bits = [np.ascontiguousarray(labels[n - 1] == volume.voxels[0, ..., k].T) for n, k in frames]
    packed = np.packbits(np.concatenate([frame.ravel() for frame in bits]), bitorder="little").tobytes()
    out.PixelData = packed + b"\0" * (len(packed) % 2)
    out["PixelData"].VR = "OB"
    return out


def _slices_with(volume: Volume, label: int) -> list[int]:
    return [k for k in range(volume.shape[2]) if (volume.voxels[0, ..., k] == label).any()]


def _item(**values: Any) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return item


def _segment(number: int, label: int, made: Provenance) -> Dataset:
    return _item(
        SegmentNumber=number,
        SegmentLabel=f"label {label}",
        SegmentAlgorithmType="AUTOMATIC",
        SegmentAlgorithmName=f"medtrans {made.version}, {made.model}"[:64],
        SegmentedPropertyCategoryCodeSequence=[code(*TISSUE)],
        SegmentedPropertyTypeCodeSequence=[code(*TISSUE)],
    )


def _add_dimensions(out: Dataset) -> None:
    """Frames are indexed by their segment and their position."""
    uid = derived_uid("dimensions", str(out.SOPInstanceUID))
    out.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=uid)]
    pairs = ((SEGMENT_NUMBER, SEGMENT), (POSITION, PLANE))
    out.DimensionIndexSequence = [
        _item(DimensionOrganizationUID=uid, DimensionIndexPointer=pointer, FunctionalGroupPointer=group)
        for pointer, group in pairs
    ]


def _shared(place: SliceHeader, volume: Volume) -> Dataset:
    from pydicom.valuerep import format_number_as_ds as ds

    measures = _item(
        PixelSpacing=[ds(each) for each in place.spacing],
        SliceThickness=ds(place.thickness),
        SpacingBetweenSlices=ds(float(f"{volume.spacing[2]:.12g}")),
    )
    orientation = _item(ImageOrientationPatient=[ds(each) for each in place.orientation])
    return _item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[orientation])


def _frame(number: int, k: int, place: SliceHeader, sources: Sequence[Instance], made: Provenance) -> Dataset:
    from pydicom.valuerep import format_number_as_ds as ds

    derivation = _item(DerivationCodeSequence=[code("113076", "Segmentation")], SourceImageSequence=[])
    for source in sources:
        item = _reference(source, made)
        item.SpatialLocationsPreserved = "YES"
        item.PurposeOfReferenceCodeSequence = [code("121322", "Source image for image processing operation")]
        derivation.SourceImageSequence.append(item)
    return _item(
        FrameContentSequence=[_item(DimensionIndexValues=[number, k + 1])],
        PlanePositionSequence=[_item(ImagePositionPatient=[ds(each) for each in place.position])],
        SegmentIdentificationSequence=[_item(ReferencedSegmentNumber=number)],
        DerivationImageSequence=[derivation] if sources else [],
    )


def _reference(source: Instance, made: Provenance) -> Dataset:
    uid = derived_uid("anonymous", source.sop_instance) if made.anonymous else source.sop_instance
    item = _item(ReferencedSOPClassUID=source.sop_class, ReferencedSOPInstanceUID=uid)
    if source.frame is not None:
        item.ReferencedFrameNumber = source.frame
    return item


def _referenced_series(header: SeriesHeader, made: Provenance) -> list[Dataset]:
    """The source series with its files, each once."""
    uid = str(header.dataset.get("SeriesInstanceUID") or "")
    files = {each.instance.sop_instance: Instance(each.instance.sop_class, each.instance.sop_instance)
             for each in header.slices}  # fmt: skip
    instances = [_reference(each, made) for each in files.values()]
    series = derived_uid("anonymous", uid) if made.anonymous else uid
    return [_item(SeriesInstanceUID=series, ReferencedInstanceSequence=instances)]

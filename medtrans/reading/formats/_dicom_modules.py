"""Modules of derived CT and MR images: what is taken over from the source, and what says that they were computed.

Patient, study and frame of reference are those of the source; series, instances, equipment and image are new. Private
elements and the parameters of the scan are not taken over, since they describe another image.
DICOM PS3.3, A.3 (CT), A.4 (MR), C.7.6.1.1.3 (derivation): https://dicom.nema.org/medical/dicom/current
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medtrans.core.printable import printable
from medtrans.core.volume import Volume
from medtrans.reading.formats._dicom_header import Instance, SeriesHeader
from medtrans.reading.formats._dicom_provenance import Provenance
from medtrans.reading.formats._dicom_uids import derived_uid
from medtrans.reading.memory import is_out_of_memory

if TYPE_CHECKING:
    from pydicom import Dataset

PATIENT = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "OtherPatientNames"),
    *("PatientAge", "PatientSize", "PatientWeight", "EthnicGroup", "PatientComments", "PatientIdentityRemoved"),
    "DeidentificationMethod",
)
STUDY = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber"),
    "ReferringPhysicianName",
)
ACQUISITION = (
    *("AcquisitionDate", "AcquisitionTime", "BodyPartExamined", "Laterality", "PatientPosition"),
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "InstitutionName", "StationName"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
MAY_BE_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "PatientPosition", "PositionReferenceIndicator"),
)
"""Elements of type 2: there, but empty where the source has none."""
SCANNER = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "InstitutionName", "StationName")
STORAGE = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "labels": "1.2.840.10008.5.1.4.1.1.66.4",
}
"""CT Image Storage, MR Image Storage, and Segmentation Storage."""
NAMES = {"labels": "SEG"}
"""Modality of DICOM, where it is another word."""
LONG_STRING, SHORT_TEXT = 64, 1024
"""Characters of LO and ST."""
MAKER = "medtrans"
NUMBER_OF_DERIVED_SERIES = 1000
"""Added to the number of the source."""


def series_dataset(volume: Volume, header: SeriesHeader, made: Provenance, series_uid: str) -> Dataset:
    """What all images of a derived series share."""
    from pydicom.dataset import Dataset

    source, out = header.dataset, Dataset()
    out.SpecificCharacterSet = "ISO_IR 192"  # UTF-8, in which any name of the source can be written.
    _take_over(out, source, (*PATIENT, *STUDY, *ACQUISITION))
    if "DeidentificationMethodCodeSequence" in source and out.get("PatientIdentityRemoved") == "YES":
        out.DeidentificationMethodCodeSequence = source.DeidentificationMethodCodeSequence
    _complete(out, header, made)
    out.SOPClassUID, out.Modality = STORAGE[made.modality.name], dicom_name(made)
    out.SeriesInstanceUID = series_uid
    out.SeriesNumber = _whole(_value(source, "SeriesNumber")) + NUMBER_OF_DERIVED_SERIES
    out.SeriesDescription = _cut(f"SYNTHETIC {dicom_name(made)} {_text(source, 'SeriesDescription')}", LONG_STRING)
    out.Manufacturer, out.ManufacturerModelName = MAKER, _cut(f"medtrans model {made.model}", LONG_STRING)
    out.SoftwareVersions = [f"medtrans {made.version}", f"model sha256 {made.model_sha256[:32]}"]
    _equipment(out, source, made)
    _image(out, volume, made)
    return out


def _take_over(out: Dataset, source: Any, names: Iterable[str]) -> None:
    """Elements that have a value, text as text, so that it can be written in another character set.

    What cannot be decoded, or is no value of its type, is left out.
    """
    for name in names:
        value = _value(source, name)
        if value is None or str(value).strip() == "":
            continue
        several = [str(each) for each in value] if source[name].VM > 1 else str(value)
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            setattr(out, name, several)


def _value(source: Any, name: str) -> Any:
    """The value of an element; None where there is none or it cannot be decoded."""
    try:
        return source.get(name)
    except Exception as reason:  # pydicom decodes at the first access, and raises many kinds.
        if is_out_of_memory(reason):
            raise
        return None


def _complete(out: Dataset, header: SeriesHeader, made: Provenance) -> None:
    """Elements that must be there and that the source lacks."""
    for name in MAY_BE_EMPTY:
        if name not in out:
            setattr(out, name, "")
    if out.get("PatientIdentityRemoved") == "YES" and "DeidentificationMethod" not in out:
        out.DeidentificationMethod = "not stated in the source"
    source_series = str(_value(header.dataset, "SeriesInstanceUID") or made.inputs_sha256)
    for name in ("StudyInstanceUID", "FrameOfReferenceUID"):
        if name not in out:
            setattr(out, name, derived_uid(name, source_series))
    if "BodyPartExamined" not in out and "Laterality" not in out:
        out.Laterality = ""
    if out.get("LossyImageCompression") != "01":
        out.LossyImageCompression = "00"


def _equipment(out: Dataset, source: Any, made: Provenance) -> None:
    """The scanner, whose images these are not, and medtrans."""
    from pydicom.dataset import Dataset

    scanner, maker = Dataset(), Dataset()
    _take_over(scanner, source, SCANNER)
    scanner.PurposeOfReferenceCodeSequence = [code("109101", "Acquisition Equipment")]
    scanner.ContributionDescription = "acquired the images from which these were computed"
    maker.Manufacturer, maker.ManufacturerModelName = MAKER, out.ManufacturerModelName
    maker.SoftwareVersions = list(out.SoftwareVersions)
    maker.PurposeOfReferenceCodeSequence = [code("109102", "Processing Equipment")]
    maker.ContributionDescription = f"computed a synthetic {made.modality.name}"
    if "Manufacturer" not in scanner:
        scanner.Manufacturer = "UNKNOWN"
    out.ContributingEquipmentSequence = [scanner, maker]


def _image(out: Dataset, volume: Volume, made: Provenance) -> None:
    columns, rows, _ = volume.shape
    is_ct = made.modality.name == "CT"
    out.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if is_ct else "OTHER"]
    out.DerivationDescription = _cut(
        f"SYNTHETIC {made.modality.name}, computed by a model and not measured: medtrans {made.version}, model "
        f"{made.model} (sha256 {made.model_sha256}), input sha256 {made.inputs_sha256}",
        SHORT_TEXT,
    )
    out.ImageComments = "SYNTHETIC: computed by a model, not measured. Not for diagnosis or treatment on its own."
    out.SyntheticData, out.BurnedInAnnotation = "YES", "NO"
    out.SamplesPerPixel, out.PhotometricInterpretation = 1, "MONOCHROME2"
    out.Rows, out.Columns = rows, columns
    out.BitsAllocated, out.BitsStored, out.HighBit, out.PixelRepresentation = 16, 16, 15, 1
    out.AcquisitionNumber = None
    if made.modality.name == "labels":
        return
    if is_ct:
        out.KVP, out.RescaleType = None, made.modality.unit
    else:
        out.ScanningSequence, out.SequenceVariant, out.ScanOptions = "RM", "NONE", None
        out.MRAcquisitionType = out.RepetitionTime = out.EchoTime = out.EchoTrainLength = None


def add_scale(out: Dataset, slope: str, made: Provenance) -> None:
    """The slope of the stored numbers. MR of whole numbers has none: the module of MR images does not know it."""
    if made.modality.name == "CT" or slope != "1":
        out.RescaleIntercept, out.RescaleSlope = "0", slope
        out.RescaleType = made.modality.unit if made.modality.name == "CT" else "US"


def add_windows(out: Dataset, volume: Volume, made: Provenance) -> None:
    """Display windows: those of the modality, else one that holds nearly all values."""
    windows = [(window.name, window.low, window.high) for window in made.modality.windows]
    if not windows:
        low, high = np.percentile(volume.voxels[..., :: max(volume.shape[2] // 16, 1)], (0.5, 99.5))
        windows = [("values", float(low), max(float(high), float(low) + 1e-6))]
    out.WindowCenter = [f"{(low + high) / 2:.8g}" for _, low, high in windows]
    out.WindowWidth = [f"{max(high - low, 1.0):.8g}" for _, low, high in windows]
    out.WindowCenterWidthExplanation = [name for name, _, _ in windows]


def add_sources(out: Dataset, instances: Sequence[Instance], *, same_place: bool) -> None:
    """The images from which one was computed."""
    from pydicom.dataset import Dataset

    items = []
    for instance in instances:
        if not instance.sop_class or not instance.sop_instance:
            continue
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = instance.sop_class, instance.sop_instance
        if instance.frame is not None:
            item.ReferencedFrameNumber = instance.frame
        item.SpatialLocationsPreserved = "YES" if same_place else "NO"
        item.PurposeOfReferenceCodeSequence = [code("121322", "Source image for image processing operation")]
        items.append(item)
    if items:
        out.SourceImageSequence = items


def dicom_name(made: Provenance) -> str:
    """Modality of the derived images as DICOM has it."""
    return NAMES.get(made.modality.name, made.modality.name)


def code(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    """An item of a code sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _text(source: Any, name: str) -> str:
    return printable(str(_value(source, name) or "")).strip()


def _cut(text: str, length: int) -> str:
    """At most that many characters; backslashes would end the value."""
    return " ".join(text.replace("\\", "/").split())[:length].rstrip()


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0

"""Anonymous header of a derived image: the basic profile for the elements that medtrans writes.

| elements | become |
|---|---|
| name, identity, date of birth, sex; number and dates of the study, accession number, referring physician | empty |
| age, size, weight, comments, descriptions, institution, station, dates of the acquisition, scanner | removed |
| study, series, instance, frame of reference, source images | other identifiers, the same ones each time |

Pixels are not touched: text that is burnt in and faces stay. DICOM PS3.15, E.1 and table E.1-1:
https://dicom.nema.org/medical/dicom/current/output/html/part15.html#chapter_E
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from medtrans.reading.formats._dicom_modules import code
from medtrans.reading.formats._dicom_provenance import Provenance
from medtrans.reading.formats._dicom_uids import derived_uid

if TYPE_CHECKING:
    from pydicom import Dataset

EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "PositionReferenceIndicator"),
)
REMOVED = (
    *("IssuerOfPatientID", "OtherPatientNames", "PatientAge", "PatientSize", "PatientWeight", "EthnicGroup"),
    *("PatientComments", "StudyDescription", "InstitutionName", "StationName", "AcquisitionDate", "AcquisitionTime"),
    "DeidentificationMethodCodeSequence",
)
IDENTIFIERS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")


def anonymise(dataset: Dataset, made: Provenance) -> Dataset:
    """A copy without identity."""
    out = copy.deepcopy(dataset)  # A shallow copy would share its elements.
    for name in EMPTY:
        setattr(out, name, "")
    for name in REMOVED:
        if name in out:
            delattr(out, name)
    for name in IDENTIFIERS:
        setattr(out, name, derived_uid("anonymous", str(out.get(name))))
    if "SourceImageSequence" in out:
        out.SourceImageSequence = [_anonymous_reference(item) for item in out.SourceImageSequence]
    out.ContributingEquipmentSequence = list(out.ContributingEquipmentSequence)[1:]
    out.SeriesDescription = f"SYNTHETIC {made.modality.name}"
    out.SeriesNumber = 1 if made.modality.name == "labels" else None  # A segmentation must have one.
    out.DerivationDescription = (
        f"SYNTHETIC {made.modality.name}, computed by a model and not measured: medtrans {made.version}, model "
        f"sha256 {made.model_sha256}"
    )
    out.PatientIdentityRemoved = "YES"
    out.DeidentificationMethod = "medtrans: PS3.15 basic profile for headers; pixels unchanged"
    out.DeidentificationMethodCodeSequence = [code("113100", "Basic Application Confidentiality Profile")]
    out.LongitudinalTemporalInformationModified = "REMOVED"
    return out


def _anonymous_reference(item: Dataset) -> Dataset:
    out = copy.deepcopy(item)
    out.ReferencedSOPInstanceUID = derived_uid("anonymous", str(item.ReferencedSOPInstanceUID))
    return out

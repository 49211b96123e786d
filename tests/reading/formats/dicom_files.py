"""Small DICOM series, written by pydicom."""

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = [1, 0, 0, 0, 1, 0]


def slice_of(pixels, *, place, series="1.2.3", directions=AXIAL, spacing=(2.0, 3.0), number=1, **more):
    """A single-frame CT of `pixels` (row, column), the spacing being that between rows and between columns."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription, ds.Modality = series, number, "Head", "CT"
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PixelSpacing, ds.ImageOrientationPatient, ds.ImagePositionPatient = list(spacing), directions, list(place)
    ds.SliceThickness, ds.RescaleSlope, ds.RescaleIntercept = 4.0, 1.0, 0.0
    ds.PixelData = np.ascontiguousarray(pixels, np.int16).tobytes()
    for name, value in more.items():
        setattr(ds, name, value)
    return ds


def write_series(folder, datasets, names=None):
    """The data sets as files of a folder, the first of them last by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, ds in enumerate(datasets):
        name = names[number] if names else f"IM{len(datasets) - number:04}"
        pydicom.dcmwrite(folder / name, ds, enforce_file_format=True)
    return folder


def volume(slices=5, rows=6, columns=4):
    """(row, column, slice)."""
    return np.random.default_rng(0).integers(-1000, 2000, (rows, columns, slices)).astype(np.int16)


def plain_series(voxels, **more):
    """Axial slices of 4 mm, from below."""
    return [slice_of(voxels[..., k], place=(10, 20, 30 + 4 * k), **more) for k in range(voxels.shape[-1])]


def enhanced(voxels, *, slopes=None):
    """The same as one file of many frames, in another order than that of their places."""
    ds = slice_of(voxels[..., 0], place=(0, 0, 0))
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(ds, name)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    order = np.random.default_rng(1).permutation(voxels.shape[-1])
    ds.NumberOfFrames = len(order)
    ds.PixelData = np.ascontiguousarray(voxels.transpose(2, 0, 1)[order]).tobytes()
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = AXIAL
    measures.PixelSpacing, measures.SliceThickness = [2.0, 3.0], 4.0
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for place in order:
        frame, position, value = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [10, 20, 30 + 4 * int(place)]
        value.RescaleSlope, value.RescaleIntercept = (slopes[place] if slopes else 1.0), 0.0
        frame.PlanePositionSequence = Sequence([position])
        frame.PixelValueTransformationSequence = Sequence([value])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return ds

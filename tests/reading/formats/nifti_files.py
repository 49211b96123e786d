"""NIfTI files written by nibabel, and their headers changed by hand."""

import nibabel as nib
import numpy as np


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def affine(degrees=20, spacing=(0.9, 1.1, 3.0), flips=(1, 1, 1), origin=(-31.5, 12.25, -7.0)):
    out = np.eye(4)
    out[:3, :3] = rotation(degrees) * np.multiply(spacing, flips)
    out[:3, 3] = origin
    return out


def saved(path, voxels, place=None, sform=1, qform=1, kind=nib.Nifti1Image):
    image = kind(voxels, affine() if place is None else place)
    image.set_sform(image.affine, sform)
    image.set_qform(image.affine, qform)
    nib.save(image, path)
    return path


def ramp(shape=(5, 6, 7), dtype=np.int16):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def patched(path, offset, data):
    """Overwrite bytes of the (uncompressed) header."""
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(data)] = data
    path.write_bytes(bytes(raw))
    return path

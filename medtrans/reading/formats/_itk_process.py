"""Child process that runs SimpleITK: `python _itk_process.py read|write SOURCE TARGET`.

It is started as a file and imports nothing of medtrans.
"""

from __future__ import annotations

import sys

import numpy as np

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
NOT_INSTALLED = 5


def read(source: str, target: str) -> None:
    """From an ITK file to an .npz file of voxels (channel, i, j, k) and affine in RAS."""
    import SimpleITK as sitk

    image = sitk.ReadImage(source)
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    if image.GetDimension() != 3:
        raise ValueError(f"{image.GetDimension()} dimensions")
    array = sitk.GetArrayFromImage(image)
    several = image.GetNumberOfComponentsPerPixel() > 1
    voxels = np.moveaxis(array, 3, 0).transpose(0, 3, 2, 1) if several else array.T[None]
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    np.savez(target, voxels=np.ascontiguousarray(voxels), affine=LPS_TO_RAS @ affine)


def write(source: str, target: str) -> None:
    """The inverse of `read`."""
    import SimpleITK as sitk

    with np.load(source, allow_pickle=False) as arrays:
        voxels, affine = arrays["voxels"], LPS_TO_RAS @ arrays["affine"]
    array = voxels[0].T if len(voxels) == 1 else np.moveaxis(voxels.transpose(0, 3, 2, 1), 0, 3)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=len(voxels) > 1)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, target)


if __name__ == "__main__":
    try:
        {"read": read, "write": write}[sys.argv[1]](sys.argv[2], sys.argv[3])
    except ImportError:
        sys.exit(NOT_INSTALLED)

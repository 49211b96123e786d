"""Bias field of an MR, removed before registration: N4.

Tustison et al., N4ITK: Improved N3 bias correction, IEEE TMI 2010, https://doi.org/10.1109/TMI.2010.2046908
"""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import resample_like, to_grid
from medtrans.preparing.registration.images import to_image, to_voxels

MILLIMETRES = 4.0
"""Voxel size at which the field is estimated; it is smooth."""
ITERATIONS = 30, 20, 10


def without_bias(volume: Volume, body: Volume) -> Volume:
    """The volume divided by its bias field, whose mean in the body is 1. The lowest value of the image counts as 0."""
    import SimpleITK as sitk

    dark = float(volume.voxels.min())
    coarse, _ = to_grid(volume, spacing=(MILLIMETRES,) * 3)
    mask = resample_like(Volume(body.voxels.astype(np.float32), body.affine), coarse).voxels > 0.5
    filled = Volume(
        np.maximum(coarse.voxels - dark, 0).astype(np.float32) + 1e-3 * float(np.ptp(volume.voxels)), coarse.affine
    )
    filter_ = sitk.N4BiasFieldCorrectionImageFilter()
    filter_.SetNumberOfWorkUnits(1)
    filter_.SetMaximumNumberOfIterations(ITERATIONS)
    filter_.Execute(to_image(filled), to_image(Volume(mask.astype(np.uint8), coarse.affine)))
    field = to_voxels(sitk.Exp(filter_.GetLogBiasFieldAsImage(to_image(filled))))
    field = resample_like(Volume(field / field[mask].mean(), coarse.affine), volume, background=1.0).voxels
    return volume.like(((volume.voxels - dark) / field + dark).astype(np.float32))

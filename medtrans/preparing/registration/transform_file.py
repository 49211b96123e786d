"""Transforms as text files of ITK (.tfm), which 3D Slicer, ANTs and SimpleITK read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medtrans.core.errors import EnvironmentRefused

if TYPE_CHECKING:
    import SimpleITK as sitk


def write_transform(transform: sitk.Transform, path: Path) -> None:
    """Write and read back: SimpleITK says nothing where a disk is full. Raises EnvironmentRefused."""
    import SimpleITK as sitk

    try:
        sitk.WriteTransform(transform, str(path))
        same = np.array_equal(sitk.ReadTransform(str(path)).GetParameters(), transform.GetParameters())
    except RuntimeError as reason:
        raise EnvironmentRefused(path.name, "cannot be written", "free space or choose another folder") from reason
    if not same:
        raise EnvironmentRefused(path.name, "was not written completely", "free space or choose another folder")

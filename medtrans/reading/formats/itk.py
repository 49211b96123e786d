"""MetaImage (.mha, .mhd) and NRRD (.nrrd) through SimpleITK, in a child process that may crash or hang alone.

The world of ITK is LPS, that of NIfTI is RAS: the first two axes change sign. SimpleITK fills a truncated file with
zeros and ignores checksums, so both are compared here first.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.core.volume import Origin, Volume
from medtrans.reading.formats._affine import is_usable, rectangular
from medtrans.reading.formats._dtype import as_type
from medtrans.reading.formats._itk_header import VoxelData, voxel_data
from medtrans.reading.formats._itk_voxels import refuse_incomplete
from medtrans.reading.storage import read_bytes, size_of, write_atomically
from medtrans.reading.temporary_files import temporary_folder

NAME = "itk"
SUFFIXES: tuple[str, ...] = (".mha", ".mhd", ".nrrd")
TIMEOUT_SECONDS = 300
LARGEST_FILE_BYTES = 1 << 36
CHILD = Path(__file__).with_name("_itk_process.py")
NOT_INSTALLED = 5
"""Exit status of the child process where SimpleITK cannot be imported."""


def matches(path: Path) -> bool:
    """Whether the name ends with a suffix of MetaImage or NRRD."""
    return path.name.lower().endswith(SUFFIXES)


def files(path: Path) -> tuple[Path, ...]:
    """The file, and the file of its voxels where its header names another."""
    try:
        data = _voxel_data(path).file
    except InputRefused:
        return (path,)
    return (path,) if data == path else (path, data)


def read(path: Path) -> Volume:
    """Raises InputRefused for what is incomplete or unreadable, EnvironmentRefused where SimpleITK is missing."""
    refuse_incomplete(path, _voxel_data(path))
    with temporary_folder() as folder:
        out = folder / "volume.npz"
        _run_child("read", path, out)
        with np.load(out, allow_pickle=False) as arrays:
            voxels, affine = arrays["voxels"], arrays["affine"]
    if not is_usable(affine):
        what = "its directions are not finite or not invertible"
        raise InputRefused(path, what, "convert it again from its source")
    straight, findings = rectangular(path, affine)
    return Volume(voxels, straight, Origin(NAME), tuple(findings))


def read_grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    """Shape and affine of the whole volume. Raises InputRefused, EnvironmentRefused."""
    volume = read(path)
    return volume.shape, volume.affine


def write(volume: Volume, path: Path, *, dtype: Any = None, description: str = "") -> None:
    """Write .mha or .nrrd, which are one file, atomically; there is no place for `description`."""
    if path.suffix.lower() == ".mhd":
        raise InputRefused(path, "is two files (.mhd), which cannot be written at once", "write .mha")
    with temporary_folder() as folder:
        arrays, encoded = folder / "volume.npz", folder / f"volume{path.suffix}"
        kind = volume.voxels.dtype if dtype is None else np.dtype(dtype)
        np.savez(arrays, voxels=as_type(volume.voxels, kind), affine=volume.affine)
        _run_child("write", arrays, encoded)
        write_atomically(path, read_bytes(encoded, LARGEST_FILE_BYTES))


def same_header(one: Any, other: Any) -> bool:
    """True: an ITK file places its volume by the affine alone."""
    return True


def _voxel_data(path: Path) -> VoxelData:
    if size_of(path) == 0:
        raise InputRefused(path, "is empty", "copy it again")
    return voxel_data(path)


def _run_child(verb: str, source: Path, target: Path) -> None:
    command = [sys.executable, "-P", str(CHILD), verb, str(source), str(target)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        what = f"SimpleITK did not finish within {TIMEOUT_SECONDS} s, probably because of a wrong header"
        raise InputRefused(source, what, "convert it to NIfTI") from None
    if done.returncode == NOT_INSTALLED:
        raise EnvironmentRefused("SimpleITK", "is not installed", "pip install SimpleITK, or give NIfTI")
    if done.returncode != 0 or not target.exists():
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise InputRefused(source, f"SimpleITK cannot {verb} it ({last[:120]})", "convert it to NIfTI")

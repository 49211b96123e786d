"""mha, mhd and nrrd through SimpleITK, in a child process: a header that crashes or hangs it takes nothing else along.

ITK's world is LPS, NIfTI's is RAS: the first two axes change sign. SimpleITK fills a truncated file with zeros and says
nothing, so the sizes promised by the text header are compared with the files first. Nor does it look at the checksum of
a compressed MetaImage, so that is inflated here first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.files import opened, size_of, write_atomically

SECONDS = 300
LONGEST_HEADER = 1 << 16
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
CHUNK = 1 << 20
ZLIB_OR_GZIP = 47
"""Ask zlib to tell by the first bytes which of the two it is."""
BYTES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}


def read_itk(path: Path) -> Volume:
    """Raises InputRefused for what SimpleITK cannot read whole, EnvironmentRefused where it is not installed."""
    if size_of(path) == 0:
        raise InputRefused(path, "is empty", "copy it again")
    _refuse_truncated(path)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "volume.npz"
        _child("read", path, out)
        with np.load(out, allow_pickle=False) as found:
            voxels, affine = found["voxels"], found["affine"]
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise InputRefused(path, "its directions are not finite or not invertible", "convert it again from its source")
    return Volume(voxels, affine)


def write_itk(volume: Volume, path: Path, *, dtype: object = None) -> None:
    """Write .mha or .nrrd (one file) atomically."""
    if path.suffix == ".mhd":
        raise InputRefused(path, "mhd is two files and cannot be written at once", "write .mha")
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "volume.npz", Path(folder) / f"volume{path.suffix}"
        kind = volume.voxels.dtype if dtype is None else np.dtype(dtype)  # type: ignore[call-overload]
        np.savez(given, voxels=volume.voxels.astype(kind, copy=False), affine=volume.affine)
        _child("write", given, made)
        write_atomically(path, made.read_bytes())


def _child(verb: str, source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "medtrans.reading.formats.itk", verb, str(source), str(target)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InputRefused(source, f"kept SimpleITK busy for {SECONDS} s", "its header is probably wrong") from None
    if done.returncode == 5:
        raise EnvironmentRefused("SimpleITK", "is not installed", "pip install SimpleITK, or give NIfTI")
    if done.returncode != 0 or not target.exists():
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise InputRefused(source, f"SimpleITK cannot {verb} it ({last[:120]})", "convert it to NIfTI")


def _refuse_truncated(path: Path) -> None:
    """Compare the voxels a text header promises with the bytes that are there, inflated where they are compressed."""
    if path.suffix.lower() == ".nrrd":
        return _refuse_truncated_nrrd(path)
    keys = _text_header(path, "=", b"ElementDataFile")
    try:
        count = int(np.prod([int(n) for n in keys["DimSize"].split()], dtype=np.int64))
        each = BYTES[keys["ElementType"].removeprefix("MET_").removeprefix("U").removesuffix("_ARRAY")]
        data = keys["ElementDataFile"]
        promised = count * each * int(keys.get("ElementNumberOfChannels", "1"))
    except (KeyError, ValueError):
        raise InputRefused(path, "has a MetaImage header that cannot be read", "convert it to NIfTI") from None
    if data.split()[:1] == ["LIST"] or "%" in data:
        raise InputRefused(path, "spreads its voxels over many files", "convert it to one file")
    file, start = (path, int(keys["_end"])) if data == "LOCAL" else (path.parent / data, 0)
    there = size_of(file) - start
    if keys.get("CompressedData", "False").lower() == "true":
        return _refuse_damaged(file, start, promised)
    if there < promised:
        raise InputRefused(path, f"is cut short: {there} of {promised} bytes of voxels", "copy it again")
    return None


def _refuse_damaged(path: Path, start: int, promised: int) -> None:
    """Inflate the stream that begins at `start`: its length must be the promised one, its checksum right."""
    stream, count = zlib.decompressobj(ZLIB_OR_GZIP), 0
    try:
        with opened(path) as file:
            file.seek(start)
            given = file.read(CHUNK)
            while given and not stream.eof and count <= promised:
                count += len(stream.decompress(given, CHUNK))
                given = stream.unconsumed_tail or file.read(CHUNK)
    except zlib.error:
        raise InputRefused(path, "is damaged: its voxels do not match their checksum", "copy it again") from None
    if count > promised:
        raise InputRefused(path, f"holds more than the {promised} bytes its header promises", "convert it to NIfTI")
    if count < promised or not stream.eof:
        missing = "its checksum is missing" if count == promised else f"{count} of {promised} bytes of voxels"
        raise InputRefused(path, f"is cut short: {missing}", "copy it again")


def _refuse_truncated_nrrd(path: Path) -> None:
    keys = _text_header(path, ":", b"")
    if keys.get("encoding") != "raw":
        return
    kinds = {"char": 1, "short": 2, "int": 4, "long": 8, "float": 4, "double": 8}
    name = keys.get("type", "").split()[-1:] or [""]
    each = kinds.get(name[0]) or {"8": 1, "16": 2, "32": 4, "64": 8}.get("".join(filter(str.isdigit, name[0])))
    if each is None or "data file" in keys or "datafile" in keys:
        return
    promised = int(np.prod([int(n) for n in keys["sizes"].split()], dtype=np.int64)) * each
    there = size_of(path) - int(keys["_end"])
    if there < promised:
        raise InputRefused(path, f"is cut short: {there} of {promised} bytes of voxels", "copy it again")


def _text_header(path: Path, sign: str, last: bytes) -> dict[str, str]:
    """Key → value of a text header up to the line of the key `last`, or an empty line; `_end` is its size in bytes."""
    with opened(path) as file:
        text: bytes = file.read(LONGEST_HEADER)
    found = re.search(last + rb"[^\n]*\n" if last else rb"\n\r?\n", text)
    if not found:
        raise InputRefused(path, "has no header that can be read", "convert it to NIfTI")
    end = found.end()
    lines = text[:end].decode("latin-1").splitlines()
    pairs = (line.partition(sign) for line in lines if sign in line)
    return {key.strip(): value.strip() for key, _, value in pairs} | {"_end": str(end)}


def _read(source: str, target: str) -> None:
    import SimpleITK as sitk

    image = sitk.ReadImage(source)
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    if image.GetDimension() != 3:
        raise ValueError(f"{image.GetDimension()} dimensions")
    array = sitk.GetArrayFromImage(image)
    voxels = (
        array.T[None] if image.GetNumberOfComponentsPerPixel() == 1 else np.moveaxis(array, 3, 0).transpose(0, 3, 2, 1)
    )
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    np.savez(target, voxels=np.ascontiguousarray(voxels), affine=LPS_TO_RAS @ affine)


def _write(source: str, target: str) -> None:
    import SimpleITK as sitk

    with np.load(source, allow_pickle=False) as given:
        voxels, affine = given["voxels"], LPS_TO_RAS @ given["affine"]
    array = voxels[0].T if len(voxels) == 1 else np.moveaxis(voxels.transpose(0, 3, 2, 1), 0, 3)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=len(voxels) > 1)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, target)


if __name__ == "__main__":
    try:
        {"read": _read, "write": _write}[sys.argv[1]](sys.argv[2], sys.argv[3])
    except ImportError:
        sys.exit(5)

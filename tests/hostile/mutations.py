"""Mutations of small volume files: a seed decides which file, and how its bytes are changed.

Structure-aware: header fields get extreme values, bits flip, bytes are random, files are cut or extended, the gzip
stream is damaged; one to four edits at once. Every edit replaces a range of bytes.
"""

import functools
import gzip
import zlib
from dataclasses import dataclass, field

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

MOST_EDITS = 4
SHAPE = (5, 6, 7)
EXTREMES = {
    "i": lambda kind: [np.iinfo(kind).min, -1, 0, 1, 2, 3, 5, 7, 8, 40, 348, 540, 1 << 14, np.iinfo(kind).max],
    "u": lambda kind: [0, 1, 2, 3, 4, 8, 127, 128, np.iinfo(kind).max],
    "f": lambda kind: [np.nan, np.inf, -np.inf, 0, -0.0, -1, 1, 0.5, 1e-45, 1e-30, 1e-9, 1e9, 1e30, np.finfo(kind).max],
    "S": lambda kind: [b"", b"\xff" * kind.itemsize, b"n+1", b"ni1", b"n+2", b"\x1b[31m", b"%s{}/../"],
}


@dataclass(frozen=True)
class Edit:
    """`data` in place of the bytes from `start` to `stop`; of the compressed file where `packed`."""

    start: int
    stop: int
    data: bytes
    what: str
    packed: bool = False

    def apply(self, raw: bytes) -> bytes:
        return raw[: self.start] + self.data + raw[self.stop :]


@dataclass(frozen=True)
class Mutation:
    """A small file and the edits of its bytes."""

    base: str
    suffix: str
    edits: tuple[Edit, ...]
    sound: bytes = field(repr=False)

    @property
    def content(self) -> bytes:
        raw = self.sound
        for edit in self.edits:
            raw = raw if edit.packed else edit.apply(raw)
        raw = _packed(raw) if self.suffix == ".nii.gz" else raw
        for edit in self.edits:
            raw = edit.apply(raw) if edit.packed else raw
        return raw

    def __str__(self) -> str:
        return f"{self.base}{self.suffix}: {'; '.join(edit.what for edit in self.edits)}"


@functools.cache
def bases() -> dict[str, bytes]:
    """Sound files by name: versions, byte orders, types, places, dimensions."""
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 900, SHAPE).astype(np.int16)
    place = np.diag([0.9, 1.1, 3.0, 1])
    place[:3, :3] = nib.quaternions.quat2mat([0.9, 0.1, 0.3, 0.2]) @ place[:3, :3]
    place[:3, 3] = -31.5, 12.25, -7
    one, two = nib.Nifti1Image, nib.Nifti2Image
    swapped = one(voxels, place, Nifti1Header(endianness=">"))
    images = {
        "int16": _image(one, voxels, place),
        "sform": _image(one, voxels.astype(np.float32), place, qform=0),
        "qform": _image(one, voxels.astype(np.uint8), place, sform=0),
        "nowhere": _image(one, voxels, place, sform=0, qform=0),
        "channels": _image(one, np.stack([voxels] * 3, -1), place),
        "slice": _image(one, voxels[..., :1], place),
        "float64": _image(one, voxels.astype(np.float64), place),
        "nifti2": _image(two, voxels.astype(np.int32), place),
    }
    swapped.set_sform(place, 1)
    scaled = _image(one, voxels, place)
    scaled.header.set_slope_inter(2.5, -1024)
    extended = _image(one, voxels, place)
    extended.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"a comment"))
    images |= {"swapped": swapped, "scaled": scaled, "extended": extended}
    return {name: image.to_bytes() for name, image in images.items()}


def mutation(seed: int) -> Mutation:
    """The mutation with this number; the same for ever, whatever the others are."""
    rng = np.random.default_rng([15, seed])
    base = str(rng.choice(sorted(bases())))
    suffix = ".nii.gz" if rng.random() < 0.3 else ".nii"
    raw, packed = bases()[base], _packed(bases()[base])
    edits = []
    for _ in range(int(rng.integers(1, MOST_EDITS + 1))):
        if suffix == ".nii.gz" and rng.random() < 0.4:
            edits.append(_of_stream(rng, packed))
        else:
            edits.append(_of_file(rng, base, raw))
    return Mutation(base, suffix, tuple(edits), raw)


def _image(kind, voxels, place, sform=1, qform=1):
    image = kind(voxels, place)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(place, sform)
    image.set_qform(place, qform)
    return image


def _packed(raw: bytes) -> bytes:
    return gzip.compress(raw, compresslevel=1, mtime=0)


def _of_file(rng, base, raw):
    draw = rng.random()
    if draw < 0.6:
        return _field(rng, base, raw)
    if draw < 0.75:
        return flip(rng, raw, len(raw) if rng.random() < 0.2 else 540 if base == "nifti2" else 352)
    if draw < 0.9:
        return noise(rng, raw, 352)
    return cut(rng, raw)


def _field(rng, base, raw):
    """One number of one header field: an extreme value, or random bytes."""
    kind = (Nifti2Header if base == "nifti2" else Nifti1Header).template_dtype
    name = str(rng.choice(kind.names))
    described, start = kind.fields[name][:2]
    number, shape = described.subdtype or (described, ())
    index = int(rng.integers(0, shape[0])) if shape else 0
    number = number.newbyteorder(">" if base == "swapped" else "<")
    values = EXTREMES[number.kind](number)
    if rng.random() < 0.7:
        value = values[int(rng.integers(0, len(values)))]
        data = np.array([value]).astype(number).tobytes() if number.kind != "i" else _integer(value, number)
    else:
        value, data = "random bytes", rng.bytes(number.itemsize)
    place = start + index * number.itemsize
    return Edit(place, place + number.itemsize, data, f"{name}[{index}] = {value} ({data.hex()})")


def _integer(value, number):
    limits = np.iinfo(number)
    return np.array([min(max(value, limits.min), limits.max)], number).tobytes()


def flip(rng, raw, limit, packed=False):
    """One bit among the first `limit` bytes."""
    place, bit = int(rng.integers(0, min(limit, len(raw)))), int(rng.integers(0, 8))
    data = bytes([raw[place] ^ 1 << bit])
    return Edit(place, place + 1, data, f"bit {bit} of byte {place} flipped", packed)


def noise(rng, raw, limit, packed=False):
    """Up to 16 random bytes, from one of the first `limit` on."""
    place, count = int(rng.integers(0, min(limit, len(raw)))), int(rng.integers(1, 17))
    data = rng.bytes(count)
    return Edit(place, place + count, data, f"random bytes {data.hex()} at {place}", packed)


def cut(rng, raw, packed=False):
    """The file ends too early, or has bytes behind its end."""
    if rng.random() < 0.5:
        size = int(rng.integers(0, len(raw)))
        return Edit(size, len(raw) + 64, b"", f"cut to {size} bytes", packed)
    data = rng.bytes(int(rng.integers(1, 400)))
    return Edit(len(raw) + 64, len(raw) + 64, data, f"{len(data)} random bytes added", packed)


def _of_stream(rng, packed):
    """Damage of the gzip stream: header, body, checksum, length, a second member, a bomb behind it."""
    draw = rng.random()
    if draw < 0.3:
        return flip(rng, packed, len(packed), packed=True)
    if draw < 0.5:
        return flip(rng, packed, 10, packed=True)
    if draw < 0.65:
        return noise(rng, packed, len(packed), packed=True)
    if draw < 0.8:
        return cut(rng, packed, packed=True)
    if draw < 0.9:
        data = rng.bytes(8)
        return Edit(len(packed) - 8, len(packed), data, f"checksum and length {data.hex()}", packed=True)
    data = gzip.compress(b"\0" * (1 << 24), 9) if draw < 0.93 else gzip.compress(rng.bytes(64))
    if draw > 0.98:
        data = zlib.compress(rng.bytes(64))
    end = len(packed) + 64
    return Edit(end, end, data, f"a second stream of {len(data)} bytes", packed=True)

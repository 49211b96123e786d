"""Mutations of MetaImage and NRRD files, whose headers are lines of text."""

import functools
import gzip
import zlib

import numpy as np

from tests.hostile.mutations import MOST_EDITS, SHAPE, Edit, Mutation, cut, flip, noise

VOXELS = np.random.default_rng(0).integers(0, 900, SHAPE).astype("<i2").tobytes()
META = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = {compressed}
TransformMatrix = 0.8 0.6 0 -0.6 0.8 0 0 0 1
Offset = -31.5 12.25 -7
CenterOfRotation = 0 0 0
AnatomicalOrientation = RAI
ElementSpacing = 0.9 1.1 3
DimSize = 5 6 7
ElementType = MET_SHORT
ElementDataFile = LOCAL
"""
NRRD = """NRRD0004
type: short
dimension: 3
space: left-posterior-superior
sizes: 5 6 7
space directions: (0.9,0,0) (0,1.1,0) (0,0,3)
kinds: domain domain domain
endian: little
encoding: {encoding}
space origin: (-31.5,12.25,-7)

"""
NUMBERS = ("0", "-1", "1", "nan", "inf", "-inf", "1e308", "1e-308", "99999", "4294967296", "9" * 40, "0x7", "1.5", "")
WORDS = (
    *NUMBERS,
    "MET_FLOAT",
    "MET_UCHAR",
    "double",
    "uint8",
    "block",
    "ascii",
    "hex",
    "bzip2",
    "True",
    "LIST",
    "%d.raw",
)
WORDS = (*WORDS, "../../etc/passwd", "/dev/zero", "left-anterior-superior", "none none none", "(1,0,0) none (0,0,1)")


@functools.cache
def text_bases() -> dict[str, bytes]:
    """Sound files by their suffix: raw and compressed."""
    text = " ".join(str(n) for n in np.frombuffer(VOXELS, "<i2"))
    return {
        "raw.mha": META.format(compressed=False).encode() + VOXELS,
        "zlib.mha": META.format(compressed=True).encode() + zlib.compress(VOXELS),
        "raw.nrrd": NRRD.format(encoding="raw").encode() + VOXELS,
        "gzip.nrrd": NRRD.format(encoding="gzip").encode() + gzip.compress(VOXELS, mtime=0),
        "ascii.nrrd": NRRD.format(encoding="ascii").encode() + text.encode(),
    }


def text_mutation(seed: int) -> Mutation:
    """The mutation with this number; the same for ever."""
    rng = np.random.default_rng([16, seed])
    name = str(rng.choice(sorted(text_bases())))
    raw = text_bases()[name]
    edits = tuple(_edit(rng, raw) for _ in range(int(rng.integers(1, MOST_EDITS + 1))))
    base, _, suffix = name.partition(".")
    return Mutation(base, f".{suffix}", edits, raw)


def _edit(rng, raw: bytes) -> Edit:
    draw, header = rng.random(), len(META) + 20
    if draw < 0.6:
        return _line(rng, raw)
    if draw < 0.8:
        return flip(rng, raw, header)
    return noise(rng, raw, header) if draw < 0.9 else cut(rng, raw)


def _line(rng, raw: bytes) -> Edit:
    """A line of the header: another value, one word of it exchanged, left out, or twice."""
    ends = [place for place, byte in enumerate(raw[:400]) if byte == 10][:10]
    number = int(rng.integers(0, len(ends) - 1))
    start, stop = ends[number] + 1, ends[number + 1]
    line = raw[start:stop].decode("latin-1")
    draw, word = rng.random(), str(rng.choice(WORDS))
    sign = " = " if " = " in line else ": "
    key, _, value = line.partition(sign)
    if draw < 0.2:
        return Edit(start, stop + 1, b"", f"without the line {line!r}")
    if draw < 0.3:
        return Edit(start, start, f"{line}\n".encode("latin-1"), f"{line!r} twice")
    words = value.split(" ")
    words[int(rng.integers(0, len(words)))] = word
    new = f"{key}{sign}{' '.join(words) if draw < 0.8 else word}"
    return Edit(start, stop, new.encode("latin-1"), f"{line!r} is {new!r}")

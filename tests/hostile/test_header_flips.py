"""Every single bit of the header of a plain .nii flipped: what changes shape, scale or place has a finding.

A plain .nii has no checksum, so only the contradictions within its header tell. Scale is told from a header without a
slope; where a slope is set, nothing else in the header agrees or disagrees with it.
"""

from collections import Counter

import numpy as np
import pytest

from medtrans.core.errors import MedtransError
from medtrans.reading.checks import check_volume
from medtrans.reading.volumes import read_volume
from tests.reading.test_odd_files import SLOPE, put, sound

pytestmark = pytest.mark.hostile
HEADER_BYTES = 352
SAME_MM, SAME_FRACTION = 0.1, 1e-3
"""A corner moved by less, of the diagonal or in mm, is where it was; so is a value, as a fraction of the range."""
FILES = {
    "sform and qform": sound,
    "sform alone": lambda: sound(qform=0),
    "qform alone": lambda: sound(sform=0),
    "float32": lambda: sound(dtype=np.float32),
    "a slope": lambda: put(sound(), SLOPE, "ff", 2.1384, -17.5),
}


def corners(volume):
    at = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)]).T
    return (volume.affine @ (at * np.append(volume.shape, 1)[:, None]))[:3]


def change(before, path):
    """What a flipped bit has changed: "named", "shape", "scale", "place" or "nothing"."""
    if check_volume(path):
        return "named"
    try:
        after = read_volume(path)
    except MedtransError:
        return "named"
    if before.shape != after.shape:
        return "shape"
    range_of_values = float(np.ptp(before.voxels))
    if not np.abs(after.voxels.astype(float) - before.voxels).max() <= SAME_FRACTION * range_of_values:
        return "scale"
    diagonal = np.linalg.norm(corners(before)[:, -1] - corners(before)[:, 0])
    moved = np.linalg.norm(corners(after) - corners(before), axis=0).max()
    return "place" if not moved <= max(SAME_MM, SAME_FRACTION * diagonal) else "nothing"


@pytest.mark.parametrize("name", FILES)
def test_no_flipped_bit_of_a_header_changes_shape_or_place_silently(name, tmp_path, record_property):
    raw, path = bytes(FILES[name]()), tmp_path / "v.nii"
    path.write_bytes(raw)
    before, counts = read_volume(path), Counter()
    assert not check_volume(path)
    for bit in range(8 * HEADER_BYTES):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        counts[change(before, path)] += 1
    silent = {what: counts[what] for what in ("shape", "scale", "place")}
    record_property("hostile", f"{8 * HEADER_BYTES} flipped bits ({name}): {counts['named']} named, silent: {silent}")
    assert counts["named"] > 500
    assert silent["shape"] == silent["place"] == 0
    assert silent["scale"] == 0 or name == "a slope"
    assert silent["scale"] < 40, "a slope and an intercept have 64 bits, most of them of less than a thousandth"

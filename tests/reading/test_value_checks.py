import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.value_checks import check_values


def head(dtype=np.int16, seed=0):
    """Background around 5, tissue around 300."""
    rng = np.random.default_rng(seed)
    values = np.abs(rng.normal(5, 3, (1, 12, 12, 12)))
    values[:, 3:9, 3:9, 3:9] = rng.normal(300, 30, (1, 6, 6, 6))
    return values.astype(dtype)


def found(voxels, affine=None):
    return check_values(Volume(voxels, np.diag([2.0, 2, 2, 1]) if affine is None else affine), "v")


def spoiled(dtype, *values, seed=0):
    voxels = head(dtype, seed)
    voxels.reshape(-1)[100 : 100 + len(values)] = values
    return voxels


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("voxels", "code", "what"),
    [
        ((np.int16, *[-32768] * 8), "isolated-values", "8 of 1728 voxels are -32768, the lowest number of int16"),
        ((np.int16, 32767), "isolated-values", "1 of 1728 voxels are 32767, the highest number of int16"),
        ((np.uint16, 65535, 65535), "isolated-values", "2 of 1728 voxels are 65535, the highest number of uint16"),
        ((np.int32, -(2**31)), "isolated-values", "the lowest number of int32"),
        ((np.float32, 3e38), "isolated-values", "1 of 1728 voxels are 3e\\+38, far from all others"),
        ((np.float64, -16384.0), "isolated-values", "far from all others"),
        ((np.int64, 2**53 + 3), "inexact-integers", r"beyond 2\^53"),
        ((np.uint64, 2**63), "inexact-integers", r"beyond 2\^53"),
    ],
)
def test_values_that_no_tissue_has_give_one_finding(voxels, code, what, seed):
    import re

    [finding] = found(spoiled(*voxels, seed=seed))
    assert (finding.code, finding.severity) == (code, "warn")
    assert re.search(what, finding.what)
    assert finding.consequence
    assert finding.advice


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32])
@pytest.mark.parametrize("seed", range(5))
def test_ordinary_values_give_none(dtype, seed):
    voxels = head(np.float32, seed)
    voxels[0, 5, 5, 5] = 2000.0  # a vessel
    assert found(np.clip(voxels, 0, 255).astype(dtype) if dtype == np.uint8 else voxels.astype(dtype)) == []


def test_full_ranges_and_labels_give_none():
    rng = np.random.default_rng(0)
    assert found(rng.integers(-32768, 32768, (1, 12, 12, 12)).astype(np.int16)) == []
    mask = np.zeros((1, 12, 12, 12), np.uint8)
    mask[0, 5, 5, 5] = 255
    assert found(mask) == []


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_magnitudes_without_a_unit_are_named(scale):
    [finding] = found(head(np.float64) * scale)
    assert (finding.code, finding.severity) == ("odd-magnitude", "warn")


@pytest.mark.parametrize(
    ("sides", "code", "severity"),
    [
        ((1e30, 1, 1), "impossible-spacing", "refuse"),
        ((1e-6, 1e-6, 1e-6), "impossible-spacing", "refuse"),
        ((0.002, 0.002, 0.002), "implausible-spacing", "warn"),
        ((4, 4, 24), "implausible-spacing", "warn"),
    ],
)
def test_voxels_of_an_odd_size_are_named(sides, code, severity):
    [finding] = found(head(), np.diag([*map(float, sides), 1.0]))
    assert (finding.code, finding.severity) == (code, severity)


def test_a_volume_far_from_the_origin_is_named():
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 3] = 1e6
    [finding] = found(head(), affine)
    assert (finding.code, finding.severity) == ("far-away", "warn")


def test_one_line_of_voxels_is_refused():
    [finding] = found(head()[:, :, :1, :1])
    assert (finding.code, finding.severity) == ("one-dimensional", "refuse")

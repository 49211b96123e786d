"""Well-formed files whose meaning is odd: what `evaluate` and `check` say of files of others, and of phantoms."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from medtrans.core.volume import Volume
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.phantoms import make_head, paint
from medtrans.reading.checks import check_volume
from medtrans.reading.grids import LPS_TO_RAS
from medtrans.reading.volumes import write_volume

CASES = Path(os.environ.get("MEDTRANS_TEST_DATA", "-")).parent / "cases"
MANIFEST = CASES / "manifest.json"
LISTED = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
CODES = {
    "half_voxel": "half-voxel",
    "lps_written_as_ras": "lps-as-ras",
    "mask_jpeg_grey": "grey-mask",
    "target_padding_-3024": "padding",
    "translated_one_slice_off": "misplaced",
    "pacs_copies": "dicom-copies",
    "CT_plus_1024": "hu-offset",
    "CT_mu_map": "attenuation-map",
    "T1_phase": "phase-image",
}
SIZES = {"shape": (36, 42, 36), "spacing": 5.0}


def listed(group):
    """Cases of the manifest, one that is skipped where there is none."""
    of_group = [pytest.param(one["name"], one["expect"], id=one["name"]) for one in LISTED if one["group"] == group]
    reason = "no ../cases/manifest.json beside the folder that MEDTRANS_TEST_DATA names"
    return of_group or [pytest.param("", "", marks=pytest.mark.skip(reason=reason))]


def said(evaluation):
    """Severity and code of all that is wrong with a case."""
    findings = [*evaluation.failed.values(), *evaluation.findings]
    return [(finding.severity, finding.code) for finding in findings if finding.severity != "note"]


def expected(name, severity):
    return [] if severity == "ok" else [(severity, CODES[name])]


@pytest.mark.parametrize(("name", "severity"), listed("evaluate"))
def test_evaluate_says_of_each_case_what_its_manifest_wants(name, severity):
    files = [CASES / "evaluate" / role / f"{name}.nii.gz" for role in ("translated", "target", "mask")]
    assert said(evaluate_files(*files, "synthrad2023")) == expected(name, severity)


@pytest.mark.parametrize(("name", "severity"), listed("dicom"))
def test_a_series_is_read_as_its_manifest_wants(name, severity):
    findings = [finding for finding in check_volume(CASES / "dicom" / name, "CT") if finding.severity != "note"]
    if severity == "refuse":
        assert [finding.severity for finding in findings] == ["refuse"]
    else:
        assert [(finding.severity, finding.code) for finding in findings] == expected(name, severity)


@pytest.mark.parametrize(("name", "severity"), listed("check"))
def test_check_says_of_each_case_what_its_manifest_wants(name, severity):
    modality = "CT" if name.startswith("CT") else "MR"
    findings = check_volume(CASES / "check" / f"{name}.nii.gz", modality)
    assert [(finding.severity, finding.code) for finding in findings] == expected(name, severity)


@pytest.fixture(scope="module")
def head():
    """A CT, a good translation with constant air around it, and the mask."""
    made, rng = make_head(60, **SIZES), np.random.default_rng(0)
    ct = paint(made, "CT", rng)
    image = gaussian_filter(ct.voxels.astype(float), (0, 0.5, 0.5, 0.5)) + 30 * rng.standard_normal(ct.voxels.shape)
    return {"translated": ct.like(np.where(made.mask.voxels > 0, image, -1024)), "target": ct, "mask": made.mask}


def evaluated(folder, volumes):
    paths = [folder / f"{role}.nii.gz" for role in ("translated", "target", "mask")]
    for path, role in zip(paths, ("translated", "target", "mask"), strict=True):
        volume = volumes[role]
        write_volume(volume.like(np.rint(volume.voxels).astype(np.int16)), path)
    return evaluate_files(*paths, "synthrad2023")


def moved(volume, axis, by):
    return volume.like(np.roll(volume.voxels, by, axis + 1))


def mirrored(volume, *axes):
    return volume.like(np.ascontiguousarray(np.flip(volume.voxels, [axis + 1 for axis in axes])))


def circle(volume, axis, value, radius=0.8):
    """`value` outside of a round field of view."""
    places = [np.linspace(-1, 1, side) if n != axis else np.zeros(side) for n, side in enumerate(volume.shape)]
    return volume.like(np.where(sum(p**2 for p in np.ix_(*places)) > radius**2, value, volume.voxels))


def through_jpeg(mask, noise):
    grey = 255 * (mask.voxels > 0) + noise * np.random.default_rng(0).standard_normal(mask.voxels.shape)
    return mask.like(grey.clip(0, 255))


def half_away(volume, *voxels):
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(voxels)
    return Volume(volume.voxels, affine)


ODD = {
    **{
        f"{by} slices off along axis {axis}": ("translated", lambda v, a=axis, b=by: moved(v, a, b), "misplaced")
        for axis in range(3)
        for by in (-3, -2, -1, 1, 2, 3)
    },
    **{
        f"mirrored along {axes}": ("translated", lambda v, a=axes: mirrored(v, *a), "mirrored")
        for axes in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
    },
    **{
        f"padding {value} around axis {axis}": ("target", lambda v, a=axis, n=value: circle(v, a, n), "padding")
        for axis, value in ((0, -2000), (1, -3024), (2, -3024), (2, -2048), (0, -32768), (1, -1500))
    },
    **{
        f"{value} around axis {axis}": ("target", lambda v, a=axis, n=value: circle(v, a, n), "filled-target")
        for axis, value in ((0, 0), (1, 0), (2, 0), (2, -500))
    },
    **{
        f"LPS as RAS, {role}": (role, lambda v: Volume(v.voxels, LPS_TO_RAS @ v.affine), "lps-as-ras")
        for role in ("translated", "target", "mask")
    },
    **{
        f"half a voxel, {role}": (role, lambda v, s=shift: half_away(v, *s), "half-voxel")
        for role, shift in (("translated", (0.5, 0, 0)), ("target", (0, -0.5, 0.5)), ("mask", (0.5, 0.5, 0.5)))
    },
    **{f"JPEG, noise {noise}": ("mask", lambda v, n=noise: through_jpeg(v, n), "grey-mask") for noise in (0.3, 2, 20)},
    "a mask of 1 and 2": ("mask", lambda v: v.like(1 + (v.voxels > 0)), "grey-mask"),
}


@pytest.mark.parametrize("odd", ODD)
def test_evaluate_names_what_is_odd_and_nothing_else(head, odd, tmp_path):
    role, change, code = ODD[odd]
    found = evaluated(tmp_path, {**head, role: change(head[role])})
    assert [one for _, one in said(found)] == [code]


@pytest.mark.parametrize("seed", range(3))
def test_evaluate_is_silent_about_sound_cases(head, seed, tmp_path):
    """Whatever the error of a model: displaced by a third of a voxel, with a bias and less contrast."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(0.6, 1.1) * head["translated"].voxels
    image = image + 0.3 * (np.roll(image, 1, 1 + seed) - image) + rng.uniform(-60, 60)
    image = np.where(head["mask"].voxels > 0, image, -1024)
    assert not said(evaluated(tmp_path, {**head, "translated": head["target"].like(image)}))


def phase(image, low, high, seed):
    """A wrapped slope in the head, angles of noise outside."""
    rng = np.random.default_rng(seed)
    slope = np.cumsum(np.full(image.shape, 0.07), axis=1 + seed % 3) % 1
    turns = np.where(image > 60, slope, rng.uniform(size=image.shape))
    return low + (high - low) * turns


def saturated(image, value, voxels):
    out = image.copy()
    out.flat[np.argsort(image, axis=None)[-voxels:]] = value
    return out


WATER = {"511 keV": 0.096, "70 keV": 0.193}
WRONG_VALUES = {
    **{f"CT + {n}": ("CT", lambda v, n=n: np.rint(v.clip(-1024, 3071) + n), "hu-offset") for n in (1000, 1024, 8192)},
    **{
        f"µ in 1/{unit} at {energy}": (
            "CT",
            lambda v, w=water * step: w * (1 + v.clip(-1000) / 1000),
            "attenuation-map",
        )
        for energy, water in WATER.items()
        for unit, step in (("cm", 1.0), ("mm", 0.1))
    },
    **{
        f"phase {low:g} … {high:g}": ("T1", lambda v, low=low, high=high: phase(v, low, high, 1), "phase-image")
        for low, high in ((-np.pi, np.pi), (0, 2 * np.pi), (-4096, 4094), (-4096, 4095), (0, 4095), (-2048, 2047))
    },
    **{
        f"{n} voxels of {value}": ("T1", lambda v, n=n, x=value: saturated(v, x, n), "isolated-values")
        for n, value in ((3, 32767), (400, 32767), (8, -32768))
    },
}


@pytest.fixture(scope="module")
def painted():
    made = make_head(61, **SIZES)
    return {name: paint(made, name, np.random.default_rng(1)) for name in ("CT", "T1", "T2", "FLAIR", "PD")}


@pytest.mark.parametrize("wrong", WRONG_VALUES)
def test_check_names_what_is_wrong_with_the_values_and_nothing_else(painted, wrong, tmp_path):
    contrast, change, code = WRONG_VALUES[wrong]
    values = change(painted[contrast].voxels.astype(np.float64))
    whole = np.array_equal(values, np.rint(values))
    write_volume(painted[contrast].like(values.astype(np.int32 if whole else np.float32)), tmp_path / "v.nii.gz")
    found = check_volume(tmp_path / "v.nii.gz", "CT" if contrast == "CT" else "MR")
    assert [(one.severity, one.code) for one in found] == [("warn", code)]


@pytest.mark.parametrize("contrast", ["CT", "T1", "T2", "FLAIR", "PD"])
def test_check_is_silent_about_sound_images(painted, contrast, tmp_path):
    for dtype in (np.int16, np.float32):
        write_volume(painted[contrast].like(painted[contrast].voxels.astype(dtype)), tmp_path / f"{dtype.__name__}.nii")
        assert not check_volume(tmp_path / f"{dtype.__name__}.nii", "CT" if contrast == "CT" else "MR")

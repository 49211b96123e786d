"""A translation that is no image is doubted without a target."""

import numpy as np
import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.core.modality import AIR_HU, find_modality
from medtrans.core.volume import Volume
from medtrans.reading.volumes import read_volume
from medtrans.translating.output_doubts import doubt_output

SIDE = 24


def head(contrast):
    return (
        read_volume(pipelines_folder().parent / "sample_data" / f"sub-00_{contrast}.nii.gz")
        .voxels[0]
        .astype(np.float32)
    )


def in_body(modality, values):
    """Air around, `values` in a ball."""
    grid = np.indices((SIDE, SIDE, SIDE)) - SIDE / 2
    inside = np.linalg.norm(grid, axis=0) < SIDE / 2.5
    out = np.full((1, SIDE, SIDE, SIDE), find_modality(modality).air, np.float32)
    out[0][inside] = values[: np.count_nonzero(inside)]
    return out, np.count_nonzero(inside)


def spread(low, high):
    return np.random.default_rng(0).permutation(np.linspace(low, high, SIDE**3)).astype(np.float32)


DOUBTED = {
    "black CT": ("CT", spread(-1000, -950), "black-output"),
    "air alone": ("CT", np.full(SIDE**3, AIR_HU, np.float32), "black-output"),
    "constant CT": ("CT", spread(20, 40), "constant-output"),
    "saturated CT": ("CT", np.minimum(spread(-500, 4000), 3000), "saturated-output"),
    "bright CT": ("CT", spread(0, 15000), "bright-output"),
    "black MR": ("MR", spread(0.1, 15), "black-output"),
    "constant MR": ("MR", spread(100, 102), "constant-output"),
    "bright MR": ("MR", spread(0, 800), "bright-output"),
    "saturated MR": ("MR", np.minimum(spread(1, 140), 110), "saturated-output"),
    "negative MR": ("MR", spread(-40, 110), "implausible-output"),
}


@pytest.mark.parametrize("name", DOUBTED)
def test_what_is_no_image_is_doubted(name):
    modality, values, code = DOUBTED[name]
    voxels, body = in_body(modality, values)
    (finding,) = doubt_output(Volume(voxels, np.eye(4)), find_modality(modality), (100.0,), body, 0.0, "a.nii.gz")
    assert (finding.code, finding.severity, finding.where) == (code, "warn", "a.nii.gz")
    assert "the translation" in finding.what


@pytest.mark.parametrize("contrast", ["T1", "T2", "CT"])
def test_an_image_of_a_head_is_not_doubted(contrast):
    voxels = head(contrast)
    modality = find_modality("CT" if contrast == "CT" else "MR")
    body = np.count_nonzero(voxels > modality.air)
    top = float(np.percentile(voxels[voxels > modality.air], 99.5))
    assert doubt_output(Volume(voxels[None], np.eye(4)), modality, (top,), body, 0.0, "a") == []


def test_many_clipped_voxels_are_doubted():
    voxels, body = in_body("CT", spread(-900, 1500))
    (finding,) = doubt_output(Volume(voxels, np.eye(4)), find_modality("CT"), (), body, 0.3, "a")
    assert finding.code == "saturated-output"
    assert "30% of the body lies above" in finding.what


@pytest.mark.parametrize("modality", ["PET", "dose", "labels"])
def test_other_images_may_be_empty(modality):
    empty = Volume(np.zeros((1, 4, 4, 4), np.float32), np.eye(4))
    assert doubt_output(empty, find_modality(modality), (), 64, 0.0, "a") == []

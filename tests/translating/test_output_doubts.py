"""A translation that is no image is doubted without a target."""

from dataclasses import replace

import numpy as np
import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.core.modality import AIR_HU, find_modality
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.phantoms.skulls import hull_of_brain
from medtrans.phantoms.t1_target import clean_t1
from medtrans.preparing.normalisation.linear import Linear
from medtrans.reading.volumes import read_volume
from medtrans.translating.output_doubts import doubt_need, doubt_output
from tests.translating.stand_ins import Same, translator_of

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


@pytest.fixture(scope="module")
def painted():
    """A head, its clean T1 as a model would write it, and the brain with 3 mm of CSF around it."""
    head = make_head(3, shape=(64, 72, 64), spacing=3.0)
    brain = hull_of_brain(head.tissues.voxels[0], head.grid.spacing, 3.0)
    return head, clean_t1(head, np.random.default_rng(0)), brain


@pytest.mark.parametrize("part", ["head", "brain"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR", "PD"])
def test_of_the_sources_of_a_painted_t1_only_a_t1_needs_no_translation(contrast, seed, part, painted):
    head, t1, brain = painted
    rng = np.random.default_rng(seed)
    mask = brain if part == "brain" else np.ones_like(brain)
    source = paint_mr(head, other_scanner(contrast, rng), rng)
    found = doubt_need(source.like(source.voxels * mask), t1.like(t1.voxels * mask), "a.nii.gz")
    assert [one.code for one in found] == (["already-t1"] if contrast == "T1" else [])
    assert all(one.where == "a.nii.gz" and "poorer T1" in one.consequence for one in found)


def test_an_image_without_a_brain_or_without_two_tissues_is_not_doubted(painted):
    _, t1, _ = painted
    small = Volume(t1.voxels[:, :12, :12, :12], t1.affine)
    flat = t1.like(np.where(t1.voxels > 0, 400.0, 0).astype(np.float32))
    for source, made in ((small, small), (flat, t1), (t1, flat), (t1, t1.like(np.zeros_like(t1.voxels)))):
        assert doubt_need(source, made, "a") == []


@pytest.mark.parametrize(("percentiles", "expected"), [((500.0,), True), ((), False)])
def test_only_a_model_of_painted_t1_says_so(percentiles, expected, painted):
    _, t1, _ = painted
    changes = {"target_normalisation": Linear(low=0, high=850), "source_normalisation": Linear(low=0, high=850)}
    translator = translator_of(Same(), source_modality="MR", target_modality="MR", **changes)
    translator.preparation = replace(translator.preparation, target_percentiles=percentiles)
    codes = {finding.code for finding in translator.translate(t1).findings}
    assert ("already-t1" in codes) is expected

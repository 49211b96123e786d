import os
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.phantoms import make_head, paint
from medtrans.preparing.masks import body_mask, dilated
from medtrans.reading.fills import filled_target
from medtrans.reading.volumes import read_volume
from tests.reading.filled_heads import filled, made_head


@pytest.fixture(scope="module")
def head():
    return made_head()


def test_sound_images_are_not_filled(head):
    ct, mr, inside = head
    rng = np.random.default_rng(1)
    for _ in range(10):
        noisy = ct.like(ct.voxels + rng.uniform(0, 80) * rng.standard_normal(ct.voxels.shape))
        assert not filled_target(noisy, inside, "CT", "a")
    assert not filled_target(ct, inside, "CT", "a")
    assert not filled_target(mr, inside, "MR", "a")


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("value", [0.0, 40.0, 500.0])
def test_one_value_in_a_third_of_the_mask_is_named_with_its_share(head, modality, value):
    target, inside = head[modality == "MR"], head[2]
    changed = filled(target, value, 2, 16)
    (finding,) = filled_target(changed, inside, modality, "a")
    assert finding.numbers["share"] == pytest.approx((changed.voxels[0][inside] == value).mean(), abs=0.01)
    assert f"one value {value:g}" in finding.what


def test_a_label_map_and_an_image_of_few_values_are_not_filled():
    rng = np.random.default_rng(0)
    few = Volume(rng.integers(0, 4, (1, 12, 12, 12)).astype(np.int16), np.eye(4))
    everywhere = np.ones(few.shape, bool)
    assert not filled_target(few, everywhere, "MR", "a")
    assert not filled_target(few, everywhere, "labels", "a")


def cut(volume, inside, air, axis, share, last):
    """The volume beyond a plane across an axis, which holds that share of the mask, is air."""
    turn = (slice(None, None, -1),) if last else (slice(None),)
    voxels = np.moveaxis(volume.voxels[0].copy(), axis, 0)[turn]
    counts = np.moveaxis(inside, axis, 0)[turn].sum((1, 2))
    voxels[: np.searchsorted(np.cumsum(counts), share * inside.sum()) + 1] = air
    return volume.like(np.moveaxis(voxels[turn], 0, axis)[None])


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("share", [0.06, 0.12, 0.2])
def test_a_field_of_view_that_cuts_through_the_body_is_named(head, modality, axis, last, share):
    air = -1024 if modality == "CT" else 0
    target = cut(head[modality == "MR"], head[2], air, axis, share, last)
    (finding,) = filled_target(target, dilated(head[2], target.spacing, 3), modality, "a")
    assert finding.code == "cut-field-of-view" or finding.numbers["share"] >= 0.25
    assert finding.numbers["share"] > 0.8 * share


@pytest.mark.parametrize("spacing", [4.0, 2.5])
@pytest.mark.parametrize("margin_mm", [0, 3, 10])
def test_air_around_a_whole_head_is_no_cut(spacing, margin_mm):
    made = make_head(1, shape=tuple(int(side / spacing) for side in (200, 240, 200)), spacing=spacing)
    body = made.mask.voxels[0] > 0
    for modality, contrast, air in (("CT", "CT", -1024), ("MR", "T1", 0)):
        image = paint(made, contrast, np.random.default_rng(0))
        clean = image.like(np.where(dilated(body, image.spacing, 0.1), image.voxels, air).clip(air))
        mask = dilated(body, image.spacing, margin_mm) if margin_mm else body
        assert not [one for one in filled_target(clean, mask, modality, "a") if one.code == "cut-field-of-view"]


@pytest.mark.skipif("MEDTRANS_TEST_DATA" not in os.environ, reason="real volumes: MEDTRANS_TEST_DATA is not set")
@pytest.mark.parametrize("name", ["body_ct/b01_CT", "body_ct/b02_MR", "brain_stroke/s01_T2"])
def test_real_images_have_no_cut_in_the_mask_of_their_body(name):
    volume, modality = read_volume(Path(os.environ["MEDTRANS_TEST_DATA"]) / f"{name}.nii.gz"), name[-2:]
    body = body_mask(volume.voxels[0], volume.spacing, is_ct=modality == "CT")
    for margin_mm in (3, 6):
        mask = dilated(body, volume.spacing, margin_mm)
        found = filled_target(volume, mask, modality if modality == "CT" else "MR", "a")
        assert not [one for one in found if one.code == "cut-field-of-view"]

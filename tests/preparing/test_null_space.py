"""Null-space networks in training: what they add is not measured, whatever their weights are."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from medtrans import degradations
from medtrans.core.case import Case
from medtrans.core.modality import MODALITIES
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all, known_operator
from medtrans.methods import load
from medtrans.preparing.batches import loader
from medtrans.preparing.degrading import Degraded, Degrader, DegradingSettings
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.null_space import acts_within_slices
from medtrans.preparing.on_the_fly import MadeVolume
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from tests.preparing.toy_dataset import smooth

HIGH = 500.0
AFFINES = {"RAS": np.diag([1.0, 1.2, 2.0, 1.0]), "LPS": np.diag([-1.0, -1.2, 2.0, 1.0])}
KINDS = {
    "undersampling": ({"acceleration": 3.0, "centre": 0.2, "pattern": "random", "plane": "axial"}, "axial"),
    "thick_slices": ({"millimetres": 5.0, "plane": "axial"}, "coronal"),
}


@pytest.fixture(params=[(kind, stored) for kind in KINDS for stored in AFFINES], ids="-".join)
def items(request, tmp_path):
    """Items of one volume, stored in that orientation, whose sources are degraded on the fly; sides are padded to 8."""
    kind, stored = request.param
    settings, plane = KINDS[kind]
    volume = Volume(smooth((13, 18, 14), 0).voxels, AFFINES[stored])
    write_volume(volume, tmp_path / "a.nii.gz")
    case = Case("a", "a", (tmp_path / "a.nii.gz",), (tmp_path / "a.nii.gz",))
    linear = Linear(low=0, high=HIGH)
    common = {"spatial_dims": 2, "slices": 1, "plane": plane, "body_mask": "none"}
    preparing = PreparingSettings(source_normalisation=linear, target_normalisation=linear, **common)
    preparation = Preparation(preparing, "MR", "MR")
    chain = (degradations.load(kind)(**settings),)
    degrader = Degrader([case], DegradingSettings(chain=chain, null_space=True), preparation, tmp_path)
    sides = [preparation.prepare_source(volume)], [preparation.prepare_target(volume)]
    return PatchDataset(Degraded(*sides, degrader, batch=4), preparation.settings, seed=1, divisor=8)


def slice_volume(array, projection):
    """What of an item lies in the volume, as it is stored, in its unit."""
    first = [max(-start, 0) for start in projection.start]
    inside = array[(slice(None), *(slice(a, a + side) for a, side in zip(first, projection.shape, strict=True)))]
    voxels = (np.expand_dims(inside, projection.axis + 1) + 1) * HIGH / 2
    flips = (1, 2) if projection.made_by.orientation == "LPS" else ()
    flips = [axis for axis in flips if voxels.shape[axis] > 1]
    affine = AFFINES[projection.made_by.orientation]
    return Volume(np.flip(voxels, flips).astype(np.float64), affine)


def test_the_operator_of_an_item_makes_its_source_from_its_target(items):
    for number in range(6):
        item = items[number]
        projection = item.null_space
        operator = known_operator(projection.made_by.record, slice_volume(item.target, projection))
        measured = operator.measure(slice_volume(item.target, projection).voxels)
        if operator.degradation.keeps_grid:
            target = slice_volume(item.target, projection)
            degraded = degrade_all(target, projection.made_by.record, MODALITIES["MR"])
            source = slice_volume(item.source, projection)
            assert degraded.voxels == pytest.approx(source.voxels, abs=1e-2 * HIGH)
        assert np.linalg.norm(measured) > 0


def test_a_regression_of_any_weights_leaves_the_measured_part_as_it_is(items):
    [batch] = loader(items, batch=4, first_step=0, last_step=1)
    method = load("regression")
    settings = method.Settings.from_dict({"generator": {"name": "unet", "channels": [4, 4, 4]}})
    for seed in range(2):
        torch.manual_seed(seed)
        written = method(Preparation(items.settings, "MR", "MR").task(1, 1), settings).translate(batch.source)
        made = batch.target + batch.null_space(written - batch.target)
        assert (made - batch.target).abs().mean() > 0.01, "something is added"
        for one, other, network, projection in zip(made, batch.target, written, batch.null_space.items, strict=True):
            operator = known_operator(projection.made_by.record, slice_volume(other.numpy(), projection))
            seen = [
                operator.measure(slice_volume(each.detach().numpy(), projection).voxels)
                for each in (one, other, network)
            ]
            assert np.linalg.norm(seen[0] - seen[1]) < 1e-4 * np.linalg.norm(seen[2] - seen[1])


def test_the_objective_is_that_of_the_null_space_part_alone(items):
    [batch] = loader(items, batch=4, first_step=0, last_step=1)
    kind = load("regression")
    settings = kind.Settings.from_dict({"generator": {"name": "unet", "channels": [4, 4, 4]}})
    method = kind(Preparation(items.settings, "MR", "MR").task(1, 1), settings)
    [(_, plain)] = method.losses(replace(batch, null_space=None))
    [(_, terms)] = method.losses(batch)
    assert 0 < float(terms["l1"].detach()) < float(plain["l1"].detach())
    [(_, none)] = method.losses(replace(batch, null_space=torch.zeros_like))
    assert float(none["l1"].detach()) == 0


def test_the_projection_is_one_and_its_gradient_is_its_own(items):
    [batch] = loader(items, batch=2, first_step=0, last_step=1)
    images = torch.randn(batch.target.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    once = batch.null_space(images)
    assert torch.allclose(batch.null_space(once), once, atol=1e-6)
    images.requires_grad_()
    weights = torch.randn(images.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (batch.null_space(images) * weights).sum().backward()
    step = 1e-3 * torch.randn(images.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    change = ((batch.null_space(images + step) - batch.null_space(images)) * weights).sum()
    assert float((images.grad * step).sum()) == pytest.approx(float(change.detach()), rel=1e-5)


def test_without_the_setting_a_batch_has_none(items):
    plain = replace(items, data=replace(items.data, degrade=lambda case, rng: MadeVolume.of(items.data.sources[0])))
    [batch] = loader(plain, batch=2, first_step=0, last_step=1)
    assert batch.null_space is None


@pytest.mark.parametrize(
    ("name", "settings", "axis", "within"),
    [
        ("undersampling", {"plane": "axial"}, 2, True),
        ("undersampling", {"plane": "axial"}, 0, False),
        ("undersampling", {"plane": "any"}, 2, False),
        ("thick_slices", {"plane": "axial"}, 0, True),
        ("thick_slices", {"plane": "axial"}, 2, False),
        ("sparse_views", {"views": 4}, 2, True),
        ("sparse_views", {"views": 60}, 2, True),
        ("sparse_views", {"views": 60}, 0, False),
        ("wrap_around", {"phase": "back_front"}, 2, True),
        ("wrap_around", {"phase": "back_front"}, 1, False),
        ("blur", {}, 2, False),
    ],
)
def test_which_degradations_act_within_slices(name, settings, axis, within):
    assert acts_within_slices(degradations.load(name)(**settings), axis) is within

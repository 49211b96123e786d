from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from medtrans.preparing.registration.images import Pyramid
from medtrans.preparing.registration.judgement import Judgement, Measures, judge_measures, measure
from tests.preparing.registration.moved_heads import moved_head

SOUND = Measures(  # A rigid registration that found its place.
    inverse_mean=0.1, inverse_max=0.3, nmi_before=1.02, nmi_after=1.2, edge_distance_before=5.0,
    edge_distance_after=2.0,
    dice_before=0.8, dice_after=0.98, jacobian_min=1.0, jacobian_max=1.0, covered=1.0, moved=20.0, voxel=2.0,
    deformed=False,
)  # fmt: skip
FAULTS = [
    ({"inverse_mean": 2.0}, "doubtful", "opposite direction"),
    ({"inverse_mean": 0.8}, "doubtful", "opposite direction"),
    ({"inverse_mean": 20.0}, "failed", "opposite direction"),
    ({"nmi_after": 1.1}, "doubtful", "little in common"),
    ({"covered": 0.3}, "doubtful", "share 30% of the body"),
    ({"covered": 0.1}, "failed", "share 10% of the body"),
    ({"dice_after": 0.7}, "doubtful", "Dice of 0.70"),
    ({"jacobian_min": 0.2}, "doubtful", "shrinks"),
    ({"jacobian_min": -0.1}, "failed", "shrinks"),
    ({"jacobian_max": 4.0}, "doubtful", "enlarges"),
    ({"nmi_after": 1.01}, "failed", "agree less than before"),
    ({"nmi_after": 1.01, "moved": 0.2}, "doubtful", "agree less than before"),
    ({"edge_distance_after": 6.0}, "doubtful", "edges are farther apart"),
    ({"deformed": True, "one_is_ct": True}, "doubtful", "little soft tissue contrast"),
]


def test_sound_measures_are_good():
    assert judge_measures(SOUND) == Judgement("good", (), SOUND)


@pytest.mark.parametrize(("change", "outcome", "reason"), FAULTS)
def test_each_fault_has_its_outcome_and_its_reason(change, outcome, reason):
    judged = judge_measures(replace(SOUND, **change))
    assert judged.outcome == outcome
    assert any(reason in sentence for sentence in judged.reasons)


def test_a_rigid_registration_to_a_ct_may_be_good():
    assert judge_measures(replace(SOUND, one_is_ct=True)).outcome == "good"


def test_coarse_voxels_allow_a_quarter_of_their_size():
    assert judge_measures(replace(SOUND, inverse_mean=0.9)).outcome == "doubtful"
    assert judge_measures(replace(SOUND, inverse_mean=0.9, voxel=5.0)).outcome == "good"


def test_a_deformation_has_limits_of_its_own():
    deformed = replace(SOUND, deformed=True)
    assert [judge_measures(replace(deformed, inverse_mean=mm)).outcome for mm in (1.4, 1.6)] == ["good", "doubtful"]
    assert judge_measures(replace(deformed, nmi_after=1.16)).outcome == "doubtful"
    assert judge_measures(replace(SOUND, nmi_after=1.16)).outcome == "good"


def test_measures_that_are_not_numbers_are_never_good():
    for name in ("inverse_mean", "covered", "dice_after", "nmi_after", "jacobian_min", "jacobian_max"):
        assert judge_measures(replace(SOUND, **{name: float("nan")})).outcome != "good", name


@pytest.fixture(scope="module")
def head():
    volume, _, _ = moved_head(4)
    return Pyramid(volume, volume.like(volume.voxels > np.percentile(volume.voxels, 65)))


def test_an_image_with_itself_agrees_as_well_as_can_be(head):
    found = measure(head, head, sitk.Euler3DTransform(), sitk.Euler3DTransform())
    assert (found.inverse_max, found.edge_distance_after, found.moved) == (0, 0, 0)
    assert found.dice_after == 1
    assert found.nmi_after == pytest.approx(2)
    assert found.covered == 1


def test_a_spline_bends(head):
    spline = sitk.CompositeTransform([sitk.AffineTransform(3), sitk.BSplineTransform(3)])
    assert measure(head, head, spline, spline).deformed


def test_a_rotation_keeps_volumes_and_a_scaling_changes_them_by_its_cube(head):
    turned, scaled = sitk.Euler3DTransform((1, 2, 3), 0.3, -0.2, 0.1), sitk.ScaleTransform(3, (1.1, 1.1, 1.1))
    found = measure(head, head, turned, turned.GetInverse())
    assert not found.deformed
    assert (found.jacobian_min, found.jacobian_max) == pytest.approx((1, 1), abs=1e-6)
    assert found.inverse_max < 1e-9
    grown = measure(head, head, scaled, scaled.GetInverse())
    assert (grown.jacobian_min, grown.jacobian_max) == pytest.approx((1.331, 1.331), abs=1e-6)


def test_a_translation_back_that_is_4_mm_short_is_an_inconsistency_of_4_mm(head):
    there, back = sitk.TranslationTransform(3, (10, 0, 0)), sitk.TranslationTransform(3, (-6, 0, 0))
    found = measure(head, head, there, back)
    assert (found.inverse_mean, found.moved) == pytest.approx((4, 10))

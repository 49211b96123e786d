from functools import cache

import numpy as np
import pytest

from medtrans.auditing.plausibility import doubts, plausibility
from medtrans.core.volume import Volume
from tests.auditing.gate.heads import SHAPE, brain, image


@cache
def volumes():
    """CT and T1 of a head, and where it has brain."""
    return image("CT"), image("T1"), brain()


def outcomes(ct, source=None):
    return {verdict.code: verdict.outcome for verdict in plausibility(ct, source)}


def changed(change):
    ct, _, inside = volumes()
    voxels = ct.voxels[0].astype(np.float32)
    change(voxels, inside)
    return ct.like(np.clip(voxels, -1024, 3071).astype(np.int16))


def brain_too_dense(voxels, brain):
    voxels[brain] += 60


def hole_in_the_skull(voxels, brain):
    top = voxels[14:38, 14:46, -24:]
    top[top > 150] = 40


def no_bone_at_the_left(voxels, brain):
    left = voxels[: SHAPE[0] // 2]
    left[left > 150] = 40


def a_step_between_slices(voxels, brain):
    upper = voxels[:, :, SHAPE[2] // 2 :]
    upper[upper > -300] += 150


def soft_bone(voxels, brain):
    bone = voxels > 200
    voxels[bone] = 200 + 0.2 * (voxels[bone] - 200)


def fat_like_water(voxels, brain):
    voxels[(voxels > -250) & (voxels < -10)] = -32


def air_of_water(voxels, brain):
    voxels[voxels < -900] = -700


def filled_sinuses(voxels, brain):
    from medtrans.preparing.masks import fill_holes

    inside = fill_holes(voxels > -300)
    voxels[inside & (voxels < -200)] = 40


def teeth_everywhere(voxels, brain):
    lower = voxels[:, :, : SHAPE[2] // 3]
    lower[lower > 20] = 2500


FAULTS = {
    brain_too_dense: "hu-brain",
    hole_in_the_skull: "skull-closed",
    no_bone_at_the_left: "symmetry",
    a_step_between_slices: "seams",
    soft_bone: "hu-bone",
    fat_like_water: "hu-fat",
    air_of_water: "hu-air",
    filled_sinuses: "sinuses",
    teeth_everywhere: "teeth",
}


def test_a_ct_of_a_head_is_plausible_in_every_respect():
    ct, source, _ = volumes()
    assert "doubtful" not in outcomes(ct, source).values()
    assert doubts(plausibility(ct, source), "a") == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_planted_fault_is_doubtful(fault):
    assert outcomes(changed(fault))[FAULTS[fault]] == "doubtful"


def test_a_body_that_ends_elsewhere_than_that_of_the_source_is_doubtful():
    ct, source, _ = volumes()
    assert outcomes(ct, source)["contour"] == "plausible"
    assert outcomes(ct.like(np.roll(ct.voxels, 3, axis=1)), source)["contour"] == "doubtful"
    assert outcomes(ct)["contour"] == "not assessable"


def test_what_is_no_head_is_not_assessable():
    voxels = np.full((1, 40, 40, 40), -1024, np.int16)
    voxels[:, 10:30, 10:30, 10:30] = 40
    answers = outcomes(Volume(voxels, np.diag([14.0, 14.0, 14.0, 1.0])))
    assert {answers[code] for code in ("hu-brain", "symmetry", "skull-closed", "teeth")} == {"not assessable"}


def test_of_an_image_without_a_body_nothing_is_said():
    assert plausibility(Volume(np.full((1, 20, 20, 20), -1024, np.int16), np.eye(4))) == []


def test_all_doubts_are_one_note_with_the_reasons():
    [note] = doubts(plausibility(changed(brain_too_dense)), "a.nii.gz")
    assert note.severity == "note"
    assert "hu-brain (it is" in note.what

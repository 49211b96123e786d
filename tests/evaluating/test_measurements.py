import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.measurements import measurements

PLACE = np.diag([2.0, 1.0, 5.0, 1.0])
WHO = {"case": "a", "subject": "s"}


def volumes():
    target = np.zeros((1, 10, 10, 10), np.float32)
    target[0, :5] = 500
    made = target.copy()
    made[0, 5] = 300
    return Volume(made, PLACE), Volume(target, PLACE)


def test_the_mean_and_the_bone_are_measured_in_the_mask():
    made, target = volumes()
    inside = np.zeros((1, 10, 10, 10), np.uint8)
    inside[0, 4:8] = 1
    mean, bone = measurements(made, target, target.like(inside), modality="CT", **WHO)
    assert (mean.name, mean.unit, mean.target, mean.translated) == ("mean in the mask", "HU", 125, 200)
    assert (bone.unit, bone.target, bone.translated) == ("ml", pytest.approx(1.0), pytest.approx(2.0))


def test_without_a_unit_there_is_no_bone():
    (mean,) = measurements(*volumes(), None, modality="MR", **WHO)
    assert (mean.unit, mean.target) == ("of the target's 99.5th percentile", 0.5)


def test_an_empty_mask_has_nothing():
    made, target = volumes()
    assert measurements(made, target, target.like(np.zeros((1, 10, 10, 10))), modality="CT", **WHO) == []


def test_a_dose_has_its_own_unit():
    (mean,) = measurements(*volumes(), None, modality="dose", **WHO)
    assert (mean.unit, mean.target) == ("Gy", 250)

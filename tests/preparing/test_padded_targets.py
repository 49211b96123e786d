"""What evaluation leaves out, training leaves out: the padding of a target, in the mask and beside it."""

import numpy as np
import pytest

from medtrans.core.case import Case
from medtrans.evaluating.run_cases import scoring_pair, training_cases
from medtrans.evaluating.training_baselines import TrainingBaselines
from medtrans.preparing import normalisation
from medtrans.preparing.cache import cached
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.cohort import load_pair
from medtrans.reading.volumes import write_volume
from tests.preparing.phantom_volumes import ball, ct, mr

SHAPE = (20, 22, 18)
PADDED = np.arange(SHAPE[0])[:, None, None] < 8 + np.zeros(SHAPE)
NORMALISERS = {name: normalisation.load(name)() for name in normalisation.names() if name not in ("labels", "linear")}
NORMALISERS["linear"] = Linear(low=0, high=900)


def case_of(folder, modality, value):
    """A case whose target is padded in the first slices, in the mask and beside it."""
    target = ct() if modality == "CT" else mr(seed=4, gain=2.0)
    target = target.like(np.where(PADDED, value, target.voxels).astype(np.int16))
    files = [folder / f"{role}.nii.gz" for role in ("source", "target", "mask")]
    for volume, file in zip((mr(), target, target.like(ball(SHAPE, 0.6).astype(np.uint8)[None])), files, strict=True):
        write_volume(volume, file)
    return Case("a", "a", (files[0],), (files[1],), files[2], "train")


@pytest.mark.parametrize(
    ("modality", "value", "name"),
    [("CT", -3024, ""), ("CT", -2000, ""), ("CT", -32768, ""), *(("MR", -32768, name) for name in NORMALISERS)],
)
def test_padding_of_a_training_target_does_not_count_and_is_air(tmp_path, modality, value, name):
    target_normalisation = Linear() if modality == "CT" else NORMALISERS[name]
    settings = PreparingSettings(body_mask="none", target_normalisation=target_normalisation)
    case = case_of(tmp_path, modality, value)
    preparation = Preparation(settings, "MR", modality).fit([load_pair(case)])
    [(source, target)] = cached([case], preparation, tmp_path / "cache")
    counted = scoring_pair(case, "mask", preparation).mask.voxels[0] > 0
    for side in (source, target):
        assert np.array_equal(side.mask, counted)
    assert np.array_equal(counted, ball(SHAPE, 0.6) & ~PADDED)
    assert np.allclose(target.voxels[0][PADDED], target.background, atol=1e-6)


def test_baselines_learn_from_what_is_not_padded(tmp_path):
    case = case_of(tmp_path, "CT", -3024)
    preparation = Preparation(PreparingSettings(body_mask="none"), "MR", "CT").fit([load_pair(case)])
    (learnt_from,) = training_cases([case], "mask", preparation)
    found = TrainingBaselines([learnt_from])
    assert found.value == pytest.approx(load_pair(case).target.voxels[0][ball(SHAPE, 0.6) & ~PADDED].mean())
    assert (found.image[0][PADDED] == -1024).all()
    assert found.lookup.medians.min() > -100

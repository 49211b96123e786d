import numpy as np
import pytest

from medtrans.core.ct_window import brain_window
from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.preparing.normalisation.percentiles import Percentiles
from tests.translating.stand_ins import (
    Same,
    ball,
    translator_of,
)


def test_a_wrong_number_of_channels_is_refused():
    voxels, _ = ball((8, 8, 8), channels=2)
    with pytest.raises(InputRefused, match="head: has 2 channels, the model takes 1"):
        translator_of(Same()).translate(Volume(voxels, np.eye(4)), where="head")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda v: np.where(v > 900, np.nan, v), "nan"),
        (lambda v: np.full_like(v, 7), "constant"),
        (lambda v: v[:, :0], "no voxels"),
    ],
)
def test_what_cannot_be_translated_is_refused_before_the_model_runs(spoil, message):
    method = Same()
    voxels, _ = ball((8, 8, 8))
    with pytest.raises(InputRefused, match=message):
        translator_of(method)(Volume(spoil(voxels), np.eye(4)))
    assert method.shapes == []


def test_values_that_are_no_ct_give_a_finding_and_are_translated():
    voxels, _ = ball((8, 8, 8), low=0)
    made = translator_of(Same()).translate(Volume(np.abs(voxels), np.eye(4)), where="head")
    [finding] = [one for one in made.findings if not one.code.endswith("-output")]
    assert (finding.code, finding.severity, finding.where) == ("implausible-ct", "warn", "head")


def test_a_ct_for_a_model_that_takes_mr_is_refused_and_among_several_channels_not():
    voxels, _ = ball((16, 16, 16), low=-1024, high=900)
    volume = Volume(voxels, np.eye(4))
    scale = {"source_modality": "MR", "source_normalisation": Percentiles(), "target_modality": "CT"}
    with pytest.raises(InputRefused, match=r"head: is a CT by its values.*medtrans list models"):
        translator_of(Same(), **scale).translate(volume, where="head")
    both = Volume(np.concatenate([np.abs(voxels), voxels]), np.eye(4))
    made = translator_of(Same(channels=2), **scale).translate(both, where="head")
    assert "implausible-mr" in {finding.code for finding in made.findings}


def test_a_model_of_mr_that_takes_ct_translates_its_window_and_says_so():
    voxels, _ = ball((16, 16, 16), low=-1024, high=900)
    volume = Volume(voxels, np.eye(4))
    scale = {"source_modality": "MR", "source_normalisation": Percentiles(), "target_modality": "CT"}
    taking = translator_of(Same(), takes_ct=True, **scale)
    made = taking.translate(volume, where="head")
    assert [finding.code for finding in made.findings if not finding.code.endswith("-output")][:1] == ["ct-as-contrast"]
    assert np.array_equal(made.volume.voxels, taking(brain_window(volume)).voxels)

import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.extractors import Radiomics
from medtrans.evaluating.distribution.image_sampler import ImageSampler, IntensityRange, one_scale
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings


def ball(*, hounsfield=False, scale=1.0):
    """A ball of 10 voxels radius, brighter towards the top."""
    i, j, k = np.ogrid[:24, :26, :28]
    inside = (i - 12) ** 2 + (j - 13) ** 2 + (k - 14) ** 2 < 100
    voxels = np.where(inside, 40 + 10 * k, -1000) if hounsfield else np.where(inside, scale * (100 + 10 * k), 0)
    return Volume(voxels[None].astype(np.float32), np.eye(4))


def sampler(view="axial", slices=3, stack=1):
    options = PreparingSettings(source_normalisation=Linear(low=0, high=400), slices=stack, body_mask="nonzero")
    return ImageSampler(Radiomics(), Preparation(options), view, slices, "")


@pytest.mark.parametrize(("view", "space"), [("axial", (24, 26)), ("coronal", (24, 28)), ("sagittal", (26, 28))])
def test_slices_are_taken_evenly_from_the_body(view, space):
    observed = sampler(view).images(ball())
    assert observed.shape == (3, 1, *space)
    assert all((image > -1).any() for image in observed)
    axis, place = {"sagittal": (0, 12), "coronal": (1, 13), "axial": (2, 14)}[view]
    middle = np.moveaxis(ball().voxels[0], axis, 0)[place]
    assert np.allclose(observed[1, 0], middle / 200 - 1)


def test_a_stack_shows_the_neighbours_too_and_a_volume_is_one_image():
    assert sampler(stack=3).images(ball()).shape == (3, 3, 24, 26)
    assert sampler("volume").images(ball()).shape == (1, 1, 24, 26, 28)
    assert sampler("volume").features(ball()).shape == (1, 16)


def test_a_volume_with_less_body_than_slices_is_refused():
    with pytest.raises(InputRefused, match="has 19 axial slices with body, 20 are taken"):
        sampler(slices=20).images(ball())


def test_ct_has_a_fixed_scale_and_mr_that_of_the_real_set():
    fixed, said = one_scale([IntensityRange.of(ball(hounsfield=True))], "real")
    assert (fixed.low, fixed.high) == (-1024, 3071)
    assert "-1024 … 3071 HU" in said
    observed = [IntensityRange.of(ball(scale=scale)) for scale in (1, 2, 5)]
    scale, said = one_scale(observed, "real")
    assert (scale.low, scale.high) == (0, observed[1].top)
    assert "the real volumes' median" in said
    assert f"0 … {observed[1].top:g}" in said


def test_a_set_of_two_kinds_is_refused():
    with pytest.raises(InputRefused, match="1 of 2 volumes are CT in HU"):
        one_scale([IntensityRange.of(ball()), IntensityRange.of(ball(hounsfield=True))], "real")

import numpy as np
import pytest
import torch
from scipy import ndimage

from medtrans.losses.deformation import smoothness_penalty, warp


@pytest.mark.parametrize("space", [(9, 12), (6, 7, 9)])
def test_an_image_is_moved_as_scipy_moves_it(space):
    rng = np.random.default_rng(0)
    image, field = rng.normal(size=(2, 3, *space)), rng.normal(size=(2, len(space), *space))
    places = np.stack(np.meshgrid(*map(np.arange, space), indexing="ij")) + field
    wanted = [
        [ndimage.map_coordinates(channel, where, order=1, mode="nearest") for channel in item]
        for item, where in zip(image, places, strict=True)
    ]
    assert warp(torch.from_numpy(image), torch.from_numpy(field)).numpy() == pytest.approx(np.array(wanted))


@pytest.mark.parametrize("dims", [2, 3])
def test_a_field_of_nothing_changes_nothing(dims):
    image = torch.randn(1, 2, *[5] * dims, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(warp(image, torch.zeros(1, dims, *[5] * dims)), image, atol=1e-6)


def test_a_shift_is_not_rough_and_a_stretch_is_as_rough_as_its_slope_squared():
    shift = torch.full((1, 3, 4, 5, 6), 2.0)
    assert float(smoothness_penalty(shift)) == 0
    stretch = torch.zeros(1, 3, 4, 5, 6)
    stretch[:, 1] = 0.3 * torch.arange(5.0)[:, None]
    assert float(smoothness_penalty(stretch)) == pytest.approx(0.3**2 / 9)

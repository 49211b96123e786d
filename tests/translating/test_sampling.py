import numpy as np
import pytest
import torch

from medtrans.core.errors import ModelRefused
from medtrans.core.method import Task
from medtrans.models.folder import save_model
from medtrans.translating.sampling import load_sampler, sample_volumes
from tests.translating.stand_ins import Fake, preparation_of, tiny_regression


class FromNoise(Fake):
    """Noise around its condition."""

    def sample(self, count, condition=None):
        about = 0 if condition is None else condition.reshape(-1, 1, *[1] * self.task.spatial_dims)
        return about + 0.01 * torch.randn(count, 1, *[6, 8, 10][: self.task.spatial_dims])


def made(count, dims=2, values=None, seed=0, batch=8, **settings):
    method = FromNoise(Task(spatial_dims=dims))
    preparation = preparation_of(**settings)
    return list(sample_volumes(method, preparation, count, conditions=values, seed=seed, batch=batch))


def test_the_same_seed_makes_the_same_images_and_no_two_are_alike():
    one, again, other = made(5, batch=2), made(5, batch=2), made(5, seed=1, batch=2)
    assert len(one) == 5
    assert all(np.array_equal(a.voxels, b.voxels) for a, b in zip(one, again, strict=True))
    assert len({image.voxels.tobytes() for image in (*one, *other)}) == 10


def test_the_global_random_state_is_untouched():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    made(2)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(("plane", "shape"), [("axial", (6, 8, 1)), ("coronal", (6, 1, 8)), ("sagittal", (1, 6, 8))])
def test_a_slice_is_a_volume_one_slice_thick_around_the_origin(plane, shape):
    (image,) = made(1, plane=plane, spacing=(2.0, 3.0, 4.0))
    assert image.shape == shape
    assert image.spacing == (2.0, 3.0, 4.0)
    assert image.affine @ [*((np.array(shape) - 1) / 2), 1.0] == pytest.approx([0, 0, 0, 1])


def test_a_volume_is_in_the_unit_of_the_targets_and_follows_its_conditions():
    (image,) = made(1, dims=3, values={"dose": 0.5}, spatial_dims=3, conditions=("dose",))
    assert image.shape == (6, 8, 10)
    assert image.voxels.mean() == pytest.approx(1.5 * 4095 / 2 - 1024, abs=10)


def test_a_model_that_needs_a_source_does_not_sample(tmp_path):
    preparation = preparation_of()
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {})
    with pytest.raises(ModelRefused, match="needs a source; use it with medtrans translate"):
        load_sampler(tmp_path / "model")

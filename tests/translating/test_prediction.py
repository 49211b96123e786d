import numpy as np
import pytest
import torch
from torch import nn

from medtrans.core.errors import EnvironmentRefused, ModelRefused, UsageError
from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.reading import memory
from medtrans.translating.settings import TranslatingSettings
from tests.translating.stand_ins import (
    Convolved,
    Fake,
    ball,
    translator_of,
)


def test_the_same_input_gives_the_same_output_with_dropout_in_the_network():
    class Dropped(Convolved):
        def __init__(self):
            super().__init__(dims=2)
            self.net.append(nn.Dropout(0.5))

    voxels, _ = ball((12, 12, 6))
    translator = translator_of(Dropped().train())
    one, two = (translator(Volume(voxels, np.eye(4))).voxels for _ in range(2))
    assert np.array_equal(one, two)


def test_a_model_that_predicts_nan_is_refused():
    class Broken(Fake):
        def translate(self, source, condition=None):
            return source * float("nan")

    voxels, _ = ball((8, 8, 8))
    with pytest.raises(ModelRefused, match="values that are not finite"):
        translator_of(Broken())(Volume(voxels, np.eye(4)))


@pytest.mark.parametrize(
    "reason",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("can't allocate memory"),
    ],
)
def test_too_little_memory_is_reported(reason):
    class Greedy(Fake):
        def translate(self, source, condition=None):
            raise reason

    voxels, _ = ball((8, 8, 8))
    with pytest.raises(EnvironmentRefused, match="does not fit into memory"):
        translator_of(Greedy())(Volume(voxels, np.eye(4)))


def test_a_volume_whose_translation_needs_more_memory_than_is_free_is_refused_before(monkeypatch):
    voxels, _ = ball((8, 8, 8))
    monkeypatch.setattr(memory, "free_bytes", lambda: 4 * 8**3 * 2)
    with pytest.raises(EnvironmentRefused, match=r"needs .* GB of memory"):
        translator_of(Convolved(dims=2))(Volume(voxels, np.eye(4)))


class Noisy(Fake):
    """The source and a fifth of the noise it is given."""

    noise_channels = 1

    def translate(self, source, condition=None, noise=None):
        return source + noise / 5


def drawn(volume, seed=0, samples=1, **way):
    settings = TranslatingSettings(seed=seed, samples=samples)
    way = {"spatial_dims": 3, **way}
    return translator_of(Noisy(Task(spatial_dims=way["spatial_dims"])), settings=settings, **way).translate(volume)


def test_a_stochastic_method_gives_one_answer_for_a_seed_and_another_for_another_seed():
    volume = Volume(np.full((1, 12, 13, 14), 100.0) + np.arange(14), np.eye(4))
    once, again, other = drawn(volume), drawn(volume), drawn(volume, seed=1)
    assert np.array_equal(once.volume.voxels, again.volume.voxels)
    assert (once.volume.voxels != other.volume.voxels).mean() > 0.9
    assert once.uncertainty is None


def test_the_noise_belongs_to_the_voxel_and_not_to_the_window():
    volume = Volume(np.full((1, 24, 20, 18), 100.0) + np.arange(18), np.eye(4))
    whole = drawn(volume).volume.voxels
    for patch in ((8, 8, 8), (16, 12, 10)):
        assert np.abs(drawn(volume, patch=patch).volume.voxels - whole).max() <= 1


def test_several_samples_give_mean_and_standard_deviation_in_the_unit_of_the_target():
    volume = Volume(np.full((1, 20, 20, 20), 100.0) + np.arange(20), np.eye(4))
    made = drawn(volume, samples=25)
    a_fifth = 4095 / 2 / 5
    assert made.uncertainty is not None
    assert made.uncertainty.voxels.dtype == np.float32
    assert made.uncertainty.voxels.mean() == pytest.approx(a_fifth, rel=0.03)
    assert (made.volume.voxels - volume.voxels).std() == pytest.approx(a_fifth / 5, rel=0.05)


def test_a_single_sample_may_be_calmer_and_several_are_not():
    """Else their standard deviation would be that of the calmer samples, and too small."""
    volume = Volume(np.full((1, 20, 20, 20), 100.0) + np.arange(20), np.eye(4))
    method = Noisy(Task(spatial_dims=3))
    method.single_noise_std = 0.5
    single, several = (
        translator_of(method, settings=TranslatingSettings(samples=samples), spatial_dims=3).translate(volume)
        for samples in (1, 25)
    )
    a_fifth = 4095 / 2 / 5
    assert (single.volume.voxels - volume.voxels).std() == pytest.approx(a_fifth / 2, rel=0.05)
    assert (single.samples, several.samples) == (1, 25)
    assert several.uncertainty is not None
    assert several.uncertainty.voxels.mean() == pytest.approx(a_fifth, rel=0.03)


def test_a_model_gets_its_conditions_and_a_missing_one_is_refused():
    class Told(Fake):
        def translate(self, source, condition=None):
            return condition.sum(dim=1).reshape(-1, 1, 1, 1).expand_as(source)

    volume = Volume(ball((8, 8, 8))[0], np.eye(4))
    translator = translator_of(Told(), conditions=("age", "dose"))
    made = translator.translate(volume, conditions={"dose": 0.25, "weight": 80, "age": -0.5}, where="head")
    assert (made.volume.voxels == np.rint((1 - 0.25) * 4095 / 2 - 1024)).all()
    with pytest.raises(UsageError, match=r"head: the condition dose is missing, which the model needs; .* given: age"):
        translator.translate(volume, conditions={"age": 1.0}, where="head")

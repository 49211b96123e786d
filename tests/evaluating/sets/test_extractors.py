import numpy as np
import pytest
import torch

from medtrans.core.errors import InputRefused
from medtrans.evaluating.sets.extractors import Radiomics, RandomNetwork, Trained
from medtrans.metrics.sets import features


def images(*space, count=3, channels=1):
    return np.random.default_rng(0).uniform(-1, 1, (count, channels, *space)).astype(np.float32)


@pytest.mark.parametrize("space", [(18, 12), (12, 10, 9)])
@pytest.mark.parametrize("make", [lambda dims: Radiomics(), RandomNetwork], ids=["radiomics", "random"])
def test_as_many_numbers_of_each_image_every_time(make, space):
    eye = make(len(space))
    read = eye(images(*space))
    assert read.shape == (3, 16)
    assert np.array_equal(make(len(space))(images(*space)), read)
    assert read == pytest.approx(np.concatenate([eye(images(*space)[n : n + 1]) for n in range(3)]), abs=1e-6)


def test_a_name_holds_a_hash_of_what_the_numbers_depend_on():
    assert Radiomics().name == features.NAME
    assert RandomNetwork(2).name == RandomNetwork(2).name != RandomNetwork(3).name
    assert len(RandomNetwork(2).name) == len("random-") + 8


def test_air_is_nothing_to_the_random_network():
    assert not RandomNetwork(2)(np.full((1, 1, 16, 16), -1.0)).any()


def test_the_last_features_are_averaged_over_space_and_what_is_padded_is_air():
    sizes = []

    def encode(x):
        sizes.append(tuple(x.shape))
        assert float(x[:, :, -1, -1].max()) == -1
        return [x, torch.nn.functional.avg_pool2d(x, 4)]

    found = Trained("some-1", encode, 1, (4, 8), -1.0)(images(6, 9))
    assert sizes == [(3, 1, 8, 16)]
    padded = np.pad(images(6, 9), ((0, 0), (0, 0), (0, 2), (0, 7)), constant_values=-1)
    assert found == pytest.approx(padded.mean((2, 3)), rel=1e-5)


def test_several_channels_and_thin_volumes_are_refused():
    with pytest.raises(InputRefused, match="has 2 channels"):
        RandomNetwork(2)(images(16, 16, channels=2))
    with pytest.raises(InputRefused, match="makes 2 channels, some-1 looks at 1"):
        Trained("some-1", lambda x: [x], 1, 1, -1.0)(images(16, 16, channels=2))
    with pytest.raises(InputRefused, match="each side must be longer than 8"):
        Radiomics()(images(16, 16, 8))

import numpy as np
import pytest
import torch

from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.evaluating.distribution.extractors import (
    Radiomics,
    RandomNetwork,
    SegmenterExtractor,
    TorchScriptExtractor,
)
from medtrans.metrics.distribution import _features as features


def images(*space, count=3, channels=1):
    return np.random.default_rng(0).uniform(-1, 1, (count, channels, *space)).astype(np.float32)


@pytest.mark.parametrize("space", [(18, 12), (12, 10, 9)])
@pytest.mark.parametrize("make", [lambda dims: Radiomics(), RandomNetwork], ids=["radiomics", "random"])
def test_as_many_numbers_of_each_image_every_time(make, space):
    extractor = make(len(space))
    read = extractor(images(*space))
    assert read.shape == (3, 16)
    assert np.array_equal(make(len(space))(images(*space)), read)
    assert read == pytest.approx(np.concatenate([extractor(images(*space)[n : n + 1]) for n in range(3)]), abs=1e-6)


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

    found = SegmenterExtractor("some-1", encode, 1, (4, 8), -1.0)(images(6, 9))
    assert sizes == [(3, 1, 8, 16)]
    padded = np.pad(images(6, 9), ((0, 0), (0, 0), (0, 2), (0, 7)), constant_values=-1)
    assert found == pytest.approx(padded.mean((2, 3)), rel=1e-5)


def test_several_channels_and_thin_volumes_are_refused():
    with pytest.raises(InputRefused, match="has 2 channels"):
        RandomNetwork(2)(images(16, 16, channels=2))
    with pytest.raises(InputRefused, match="has 2 channels, some-1 takes 1"):
        SegmenterExtractor("some-1", lambda x: [x], 1, 1, -1.0)(images(16, 16, channels=2))
    with pytest.raises(InputRefused, match="each side must be longer than 8"):
        Radiomics()(images(16, 16, 8))


class Eye(torch.nn.Module):
    """Such as wants three channels, and gives a map of features."""

    def __init__(self, channels=3):
        super().__init__()
        self.channels, self.look = channels, torch.nn.Conv2d(3, 5, 3)

    def forward(self, x):
        return self.look(x.expand(-1, self.channels, -1, -1))


def saved(path, network):
    torch.jit.trace(network.eval(), torch.zeros(1, 1, 16, 16)).save(str(path))
    return path


def test_a_network_of_others_is_read_from_its_file(tmp_path):
    network = Eye()
    extractor = TorchScriptExtractor(saved(tmp_path / "RadImageNet (v2).pt", network))
    observed = images(18, 12, count=11)
    with torch.no_grad():
        whole = network(torch.from_numpy(observed)).mean((2, 3)).numpy()
    assert extractor(observed) == pytest.approx(whole, abs=1e-6)
    assert extractor(observed).dtype == np.float64
    assert extractor.name.startswith("RadImageNet-v2-")
    assert extractor.name != TorchScriptExtractor(saved(tmp_path / "RadImageNet (v2).pt", Eye())).name


def test_a_pickle_and_a_network_that_cannot_read_are_refused(tmp_path):
    torch.save(Eye(), tmp_path / "pickle.pt")
    (tmp_path / "text.pt").write_text("no network")
    for name in ("pickle.pt", "text.pt"):
        with pytest.raises(ModelRefused, match=f"{name}: is not a network in TorchScript"):
            TorchScriptExtractor(tmp_path / name)
    with pytest.raises(ModelRefused, match="cannot read images of 1 x 1 x 2 x 2"):
        TorchScriptExtractor(saved(tmp_path / "eye.pt", Eye()))(images(2, 2, count=1))

    class Sum(torch.nn.Module):
        def forward(self, x):
            return x.sum()

    with pytest.raises(ModelRefused, match="returns no features"):
        TorchScriptExtractor(saved(tmp_path / "sum.pt", Sum()))(images(9, 9))

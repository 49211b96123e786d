import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.fx import symbolic_trace

from medtrans.core.method import Batch
from medtrans.core.volume import Volume
from medtrans.models.folder import load_model, save_model
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.translating.translator import Translator
from tests.methods.blobs_toy import blobs, learn, toy_method, unseen

NETWORK = {"name": "unet", "channels": [8, 16]}


def levels(count, rng):
    """A blurred view of blobs; their slopes are label 1, their tops label 2."""
    z = blobs(count, rng)
    top, slope = z > 0.7, (z > 0.3) & (z <= 0.7)
    return 2 * z - 1, 2 * torch.cat([slope, top], dim=1).float() - 1


def test_it_learns_the_labels_of_a_toy():
    draw = levels
    method = learn(toy_method("segmenter", target=2, network=NETWORK), 150, draw)
    x, y = unseen(draw)
    with torch.no_grad():
        found, true = method.translate(x) > 0, y > 0
    overlap = 2 * (found & true).sum((0, 2, 3)) / (found.sum((0, 2, 3)) + true.sum((0, 2, 3)))
    assert overlap.min() > 0.9


def test_the_background_is_what_no_label_claims():
    method = toy_method("segmenter", target=2, network=NETWORK)
    x = torch.zeros(1, 1, 4, 4)
    y = torch.full((1, 2, 4, 4), -1.0)
    y[:, 1, :2] = 1
    number = torch.zeros(1, 4, 4, dtype=torch.long)
    number[:, :2] = 2
    ((_, terms),) = method.losses(Batch(x, y))
    assert float(terms["cross_entropy"].detach()) == pytest.approx(
        float(torch.nn.functional.cross_entropy(method.S(x), number).detach())
    )


def test_the_translation_is_the_probability_of_each_label():
    method = toy_method("segmenter", target=2, network=NETWORK)
    x = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        method.S.last.bias[:] = torch.tensor([0.0, 0.0, 30.0])
        sure = method.translate(x)
    assert torch.allclose(sure[:, 1], torch.ones(1, 8, 8))
    assert torch.allclose(sure[:, 0], -torch.ones(1, 8, 8))


def test_its_features_come_from_every_level():
    features = toy_method("segmenter", network=NETWORK).features(torch.zeros(2, 1, 16, 16))
    assert [tuple(level.shape) for level in features] == [(2, 8, 16, 16), (2, 16, 8, 8)]


DEEP = {"network": {"name": "unet", "channels": [4, 6, 8, 10, 12]}}


def test_deep_supervision_trains_the_decoder_at_every_resolution_but_its_lowest():
    method = toy_method("segmenter", target=2, **DEEP)
    ((_, terms),) = method.losses(Batch(torch.randn(2, 1, 16, 16), -torch.ones(2, 2, 16, 16)))
    terms["cross_entropy"].backward()
    assert [head.weight.shape[:2] for head in method.H.heads] == [(3, 6), (3, 8)]
    assert all(head.weight.grad.abs().max() > 0 for head in method.H.heads)


def test_deep_supervision_leaves_the_inference_and_the_saved_model_as_they_are(tmp_path):
    plain = toy_method("segmenter", target=2, deep_supervision=False, **DEEP).eval()
    deep = toy_method("segmenter", target=2, **DEEP).eval()
    x = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(deep.translate(x), plain.translate(x))
    graphs = [str(symbolic_trace(method.S, {"encode": False, "decode": False}).graph) for method in (plain, deep)]
    assert graphs[0] == graphs[1]
    preparation = Preparation(PreparingSettings(target_normalisation=Labels(labels=(1, 2)), slices=1), "MR", "labels")
    for name, method in (("plain", plain), ("deep", deep)):
        save_model(tmp_path / name, method, preparation, {})
    saved, expected = (load_file(tmp_path / name / "model.safetensors") for name in ("deep", "plain"))
    assert saved.keys() == expected.keys()
    assert all(torch.equal(saved[name], expected[name]) for name in expected)
    assert torch.equal(load_model(tmp_path / "deep")[0].translate(x), plain.translate(x))


class Thresholds(torch.nn.Module):
    """Logits: the second label above 0.5, the first above -0.5, else background."""

    def forward(self, x):
        return 80 * torch.cat([torch.zeros_like(x), x + 0.5, 2 * x], dim=1)


def test_a_translator_gives_a_label_map():
    method = toy_method("segmenter", target=2, network=NETWORK)
    method.S = Thresholds()
    options = PreparingSettings(
        source_normalisation=Linear(low=-1, high=1),
        target_normalisation=Labels(labels=(3, 8)),
        slices=1,
        patch=(8, 8),
        body_mask="none",
    )
    voxels = np.random.default_rng(0).uniform(-1, 1, (1, 12, 14, 3)).astype(np.float32)
    found = Translator(method, Preparation(options, "MR", "labels"), device="cpu")(Volume(voxels, np.eye(4))).voxels
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.select([voxels > 0.5, voxels > -0.5], [8, 3], 0))
